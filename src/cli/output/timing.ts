/** Where the time of a run went, stage by stage. */
import type { RunStage } from "../../evaluate/index.node.js";
import { alignRows } from "../../report/index.js";

type Stage = "start" | RunStage | "report";

const titles: Readonly<Record<Stage, string>> = {
  start: "start the program",
  plan: "open model and data",
  checks: "check the model, start workers",
  clean: "predict clean images",
  attacks: "attack",
  result: "summarise",
  report: "write the report",
};

interface Moment {
  readonly stage: Stage;
  /** Seconds since the process began: on the clock, and of processors over all threads. */
  readonly wall: number;
  readonly processor: number;
}

/** A watch that is told when a stage begins; the first began with the process. */
export class Timing {
  readonly #moments: Moment[] = [{ stage: "start", wall: 0, processor: 0 }];

  begin(stage: Stage): void {
    this.#moments.push({ stage, ...now() });
  }

  /** A table of all stages up to now, with their sum. */
  lines(): string[] {
    const end = now();
    const rows = this.#moments.map(({ stage, wall, processor }, i) => {
      const next = this.#moments[i + 1] ?? end;
      return [titles[stage], seconds(next.wall - wall), seconds(next.processor - processor)];
    });
    return alignRows([
      ["where the time went", "wall", "processor"],
      ...rows,
      ["in all", seconds(end.wall), seconds(end.processor)],
    ]);
  }
}

function now() {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now() / 1000, processor: (user + system) / 1e6 };
}

const seconds = (amount: number) => `${amount.toFixed(2)} s`.padStart(9);
