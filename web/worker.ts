/** The worker that attacks, so that the page never freezes: requests come in, reports go out. */
import { messageOf, SeawallError } from "../src/base/index.js";
import { devices, engineVersion, machineMemory, mostThreads } from "../src/runtime/index.js";
import type { Report, Request, Said } from "./messages.js";
import { Session } from "./session.js";

const say = (message: Said) => postMessage(message);

/** The opening that is worked on. */
let current = 0;
const tell = (report: Report) => say({ kind: "report", opening: current, report });

let session: Session | undefined;
let stop = new AbortController();
let busy: Promise<void> = Promise.resolve();

/** The reason of an attack that was ended by a request. */
const stopped = new Error("stopped");

/** Requests are served one after the other; an opening and a stop end the attack that goes on. */
addEventListener("message", ({ data: request }: MessageEvent<Request>) => {
  if (request.kind !== "attack") stop.abort(stopped);
  if (request.kind === "stop") return;
  busy = busy.then(() => serve(request)).catch((error) => tell({ kind: "failed", message: sentence(error) }));
});

async function serve(request: Exclude<Request, { kind: "stop" }>): Promise<void> {
  if (request.kind === "open") {
    current = request.opening;
    session = undefined;
    session = await Session.open(request, tell);
    return;
  }
  stop = new AbortController();
  const start = performance.now();
  const end = (isStopped: boolean) =>
    tell({ kind: "finished", stopped: isStopped, seconds: (performance.now() - start) / 1000 });
  try {
    await session?.attack(request, stop.signal);
    end(false);
  } catch (error) {
    if (error !== stopped) throw error;
    end(true);
  }
}

/** Of our own mistakes, which a person cannot correct, too. */
function sentence(error: unknown): string {
  if (error instanceof SeawallError) return error.message;
  return `The page failed (${messageOf(error)}). This is a mistake in Seawall; please report it with the model, if it may be shared.`;
}

say({
  kind: "ready",
  engine: `${engineVersion.name} ${engineVersion.version}`,
  threads: mostThreads,
  devices: devices().map(({ device }) => device),
  memory: machineMemory(),
});
