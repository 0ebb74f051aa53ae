/** A child process that runs cases in turn; one that crashes, hangs or takes too much memory is ended and replaced. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * The limits that no file may exceed. Seconds are those of processors, which do not depend on what else the machine does; a
 * file that makes the program wait has so many on the clock.
 */
export const limits = { seconds: 20, clockSeconds: 60, bytes: 2 * 2 ** 30 };

/** What models may ask for, by the variable SEAWALL_MEMORY: so little that with all around it no process takes the limit. */
export const modelMemory = "256MiB";

/** How often the memory of a running case is looked at, in milliseconds. */
const watchEvery = 50;

const script = fileURLToPath(new URL("child.mjs", import.meta.url));
const guard = new URL("guard.mjs", import.meta.url).href;

/** Runs cases in a child process. */
export class Contained {
  #child;
  #env;
  /** The last that the engine printed by itself. */
  #heard = "";

  #limits;

  /** @param place as `makePlace` gives it */
  constructor({ readable, writable, cache }, most = limits) {
    this.#limits = most;
    this.#env = {
      ...{ PATH: process.env.PATH, HOME: cache, XDG_CACHE_HOME: cache, CI: "true" },
      SEAWALL_MEMORY: modelMemory,
      ...{ SEAWALL_FUZZ_READ: JSON.stringify(readable), SEAWALL_FUZZ_WRITE: JSON.stringify(writable) },
    };
  }

  /**
   * Runs a command line in a folder.
   * @returns exit code and printed text, or what ended the process instead; seconds of processors; bytes at the peak
   */
  async run(folder, args) {
    this.#child ??= await this.#start();
    const child = this.#child;
    resetPeak(child.pid);
    const start = processorSeconds(child.pid);
    const ended = new AbortController();
    const { signal } = ended;
    child.send({ folder, args });
    const outcome = await Promise.race([
      once(child, "message", { signal }).then(([answer]) => answer),
      once(child, "exit", { signal }).then(([code, by]) => ({
        died: `${by ?? `exit code ${code}`}\n${this.#heard}`,
      })),
      watched(child.pid, signal, this.#limits),
    ]);
    ended.abort();
    const seconds = Math.max(0, processorSeconds(child.pid) - start);
    const peak = memoryOf(child.pid, "VmHWM");
    if ("died" in outcome || "exceeded" in outcome) await this.stop();
    return { ...outcome, seconds, peak };
  }

  async #start() {
    const child = fork(script, {
      env: this.#env,
      execArgv: ["--import", guard],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    child.stderr.on("data", (chunk) => {
      this.#heard = `${this.#heard}${chunk}`.slice(-2000);
    });
    await Promise.race([
      once(child, "message"),
      once(child, "exit").then(() => {
        throw new Error(`the process for cases does not start:\n${this.#heard}`);
      }),
    ]);
    return child;
  }

  /** Ends the child process. */
  async stop() {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
}

/** Resolves when a process takes longer or more memory than any file may make it. */
async function watched(pid, signal, { seconds, clockSeconds, bytes }) {
  const [start, startOnClock] = [processorSeconds(pid), performance.now()];
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, watchEvery));
    if (memoryOf(pid, "VmRSS") > bytes) return { exceeded: "memory" };
    const isLate = performance.now() - startOnClock > 1000 * clockSeconds;
    if (isLate || processorSeconds(pid) - start > seconds) return { exceeded: "time" };
  }
  return {};
}

/** The kernel counts times of processes in hundredths of seconds. */
const ticks = 100;

/** What processors have worked for a process, in seconds; 0 where the system does not tell. */
function processorSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticks;
  } catch {
    return 0;
  }
}

/** Bytes of a process's memory, by the field of its status; 0 where the system does not tell. */
function memoryOf(pid, field) {
  try {
    const [, kibibytes] = new RegExp(`${field}:\\s+(\\d+) kB`).exec(
      readFileSync(`/proc/${pid}/status`, "utf8"),
    );
    return 1024 * Number(kibibytes);
  } catch {
    return 0;
  }
}

/** Makes the kernel count the peak of a process's memory anew. */
function resetPeak(pid) {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // Linux alone has it. Elsewhere no memory is measured.
  }
}
