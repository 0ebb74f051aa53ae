/** Which workers of a queue are there, and how far they have come: said when it changes. */
import { plural } from "../../base/index.js";
import type { WorkerReport } from "../../queue/index.js";

interface AttendanceWatch {
  readonly tell: (sentence: string) => void;
  /** Called for every pass that a worker has made. */
  readonly onPass?: (() => void) | undefined;
}

/** Reports without a worker before the user is asked to start one. */
const patience = 3;

export class Attendance {
  readonly #queue: string;
  readonly #watch: AttendanceWatch;
  /** Passes of each worker as it last reported them. */
  #known = new Map<string, number>();
  #empty = 0;

  /** @param queue its address, for the command that starts a worker */
  constructor(queue: string, watch: AttendanceWatch) {
    this.#queue = queue;
    this.#watch = watch;
  }

  read(workers: readonly WorkerReport[]): void {
    const { tell, onPass } = this.#watch;
    const now = new Map<string, number>();
    for (const worker of workers) {
      const name = nameOf(worker);
      const before = this.#known.get(name);
      if (before === undefined)
        tell(`${name} works for this run, on ${plural(worker.parallel, "image")} at a time`);
      for (let passes = before ?? worker.passes; passes < worker.passes; passes++) onPass?.();
      now.set(name, worker.passes);
    }
    for (const name of this.#known.keys())
      if (!now.has(name)) tell(`${name} has left; its work goes to others`);
    this.#known = now;
    this.#empty = workers.length > 0 ? 0 : this.#empty + 1;
    if (this.#empty === patience)
      tell(
        `no worker works for this run; start some, on any machine, with: seawall work --queue ${this.#queue}`,
      );
  }
}

const nameOf = ({ host, pid }: WorkerReport) => `process ${pid} on ${host}`;
