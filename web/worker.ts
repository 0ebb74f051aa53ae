/** The worker that attacks, so that the page never freezes: requests come in, reports go out. */
import { messageOf, SeawallError } from "../src/base/index.js";
import { devices, engineVersion, machineMemory, mostThreads } from "../src/runtime/index.js";
import type { Report, Request, Said, Side } from "./messages.js";
import { Session } from "./session.js";
import { inPageWords } from "./words.js";

const say = (message: Said, transfer: Transferable[] = []) => postMessage(message, { transfer });

/** The reason of an attack that was ended by a request. */
const stopped = new Error("stopped");

/** Requests that end the attack that goes on. */
const ending: readonly Request["kind"][] = ["open", "stop", "close"];

/** Serves the requests for one side, one after the other. */
class Desk {
  readonly #side: Side;
  /** The opening that is worked on, and the last one that was asked for. */
  #opening = 0;
  #wanted = 0;
  #session: Session | undefined;
  #stop = new AbortController();
  #busy: Promise<void> = Promise.resolve();

  constructor(side: Side) {
    this.#side = side;
  }

  take(request: Request): void {
    if (ending.includes(request.kind)) this.#stop.abort(stopped);
    if (request.kind === "open") this.#wanted = request.opening;
    this.#busy = this.#busy
      .then(() => this.#serve(request))
      .catch((error) => this.#tell({ kind: "failed", message: sentence(error) }));
  }

  #tell = (report: Report, transfer?: Transferable[]) =>
    say({ kind: "report", side: this.#side, opening: this.#opening, report }, transfer);

  async #serve(request: Request): Promise<void> {
    if (request.kind === "attack") this.#session?.begin(request);
    if (request.kind === "attack" || request.kind === "resume") return this.#attack();
    if (request.kind === "save") return this.#save(request.report);
    if (request.kind === "stop") return;
    this.#session = undefined;
    // A person who types a number asks for an opening at each digit.
    if (request.kind !== "open" || request.opening !== this.#wanted) return;
    this.#opening = request.opening;
    this.#session = await Session.open(request, this.#tell);
  }

  async #attack(): Promise<void> {
    const session = this.#session;
    if (!session) return;
    this.#stop = new AbortController();
    const start = performance.now();
    let isStopped = false;
    try {
      await session.attack(this.#stop.signal);
    } catch (error) {
      isStopped = true;
      if (error !== stopped) this.#tell({ kind: "failed", message: sentence(error) });
    }
    const seconds = (performance.now() - start) / 1000;
    if (!isStopped) this.#tell({ kind: "checking" });
    this.#tell({ kind: "finished", stopped: isStopped, seconds, run: await session.outcome() });
  }

  async #save(report: string | undefined): Promise<void> {
    const zip = await this.#session?.pack(report);
    if (zip) this.#tell({ kind: "saved", zip }, [zip.buffer]);
  }
}

/** Our own mistakes, which a person cannot correct, are sentences too. */
function sentence(error: unknown): string {
  if (error instanceof SeawallError) return inPageWords(error.message);
  return `The page failed (${messageOf(error)}). This is a mistake in Seawall; please report it with the model, if it may be shared.`;
}

const desks: Readonly<Record<Side, Desk>> = { left: new Desk("left"), right: new Desk("right") };
addEventListener("message", ({ data: request }: MessageEvent<Request>) => desks[request.side].take(request));

say({
  kind: "ready",
  engine: `${engineVersion.name} ${engineVersion.version}`,
  threads: mostThreads,
  devices: devices().map(({ device }) => device),
  memory: machineMemory(),
});
