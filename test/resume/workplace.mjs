/** A folder in which a command runs, is killed, and is looked at. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { program } from "./program.mjs";
import { contentOf, filesIn, isPassing, isWhole } from "./whole.mjs";

/** A folder in which a command runs; everything that it writes, temporary files too, is below it. */
export class Workplace {
  #spec;
  #before;
  #temporary;

  constructor(spec, folder) {
    this.#spec = spec;
    this.folder = folder;
    this.#temporary = `${folder}-tmp`;
    for (const path of [folder, this.#temporary]) mkdirSync(path, { recursive: true });
    spec.begin?.(folder);
    this.#before = this.#names();
  }

  /**
   * Starts the command, and kills it if it has not ended by then.
   * @param [moment] as of `momentOf`; without one, the command is left alone
   * @returns exit code or signal, what it said on stderr, the signal that was sent unless it ended in order before, and
   * milliseconds from the signal to the end
   */
  async startAndKill(moment, signal) {
    const child = spawn(process.execPath, [program, ...this.#spec.args], {
      cwd: this.folder,
      env: { ...process.env, TMPDIR: this.#temporary },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    let sent;
    const ended = new Promise((resolve) => {
      child.on("close", (code, by) =>
        resolve({ code: by ?? code, said, took: performance.now() - (sent ?? 0) }),
      );
    });
    if (moment) {
      const over = ended.then(() => true);
      if (moment.whenWriting) await Promise.race([over, this.whenWriting(over)]);
      if ((await Promise.race([over, sleep(moment.delay)])) !== true) {
        sent = performance.now();
        child.kill(signal);
      }
    }
    const end = await ended;
    return { ...end, ...(sent !== undefined && end.code !== 0 && { sent: signal }) };
  }

  /** Fulfilled when there is a new file or folder, or when `over` is. */
  async whenWriting(over) {
    let isOver = false;
    over.then(() => {
      isOver = true;
    });
    while (!isOver && !this.hasWritten()) await sleep(2);
  }

  hasWritten() {
    return this.#names() !== this.#before;
  }

  /** Files that are neither as before nor as in the end; those that grow, or go before the end, need only be whole. */
  torn({ earlier, files }) {
    const known = (path, bytes) => [earlier, files].some((version) => version.get(path)?.equals(bytes));
    const isPartial = (path) => this.#spec.resumes || !files.has(path);
    const whole = (path, bytes) => known(path, bytes) || (isPartial(path) && isWhole(path, bytes));
    const torn = [...this.files()].filter(([path, bytes]) => !isPassing(path) && !whole(path, bytes));
    return torn.map(([path, bytes]) => `torn: ${path} (${bytes.length} bytes)`);
  }

  /** What was being written when it was killed: the file, or the folder of many alike. */
  beingWritten() {
    const cut = [...this.files().keys()].filter((path) => path.endsWith(".seawall-tmp"));
    return cut.map((path) => {
      const [first, second, ...rest] = path.replace(/\.\d+\.seawall-tmp$/, "").split("/");
      return rest.length > 0 ? `${second}/` : (second ?? first);
    });
  }

  /** Whether nothing is left to do: it was killed between its last file and its end. */
  isComplete({ files }) {
    return this.leftovers().length === 0 && differences(files, this.files()).length === 0;
  }

  /** What no run leaves when it has ended. */
  leftovers() {
    const own = [...this.files().keys()].filter((path) => isPassing(path) || !/^out\b/.test(path));
    const temporary = readdirSync(this.#temporary).map((name) => `in TMPDIR, ${name}`);
    return [...own, ...temporary].map((path) => `left behind: ${path}`);
  }

  files() {
    return filesIn(this.folder);
  }

  remove() {
    for (const path of [this.folder, this.#temporary]) rmSync(path, { recursive: true });
  }

  #names() {
    return existsSync(this.folder) ? readdirSync(this.folder, { recursive: true }).sort().join("\n") : "";
  }
}

/** What two sets of files differ in, apart from times; a sentence for each. */
export function differences(wanted, found) {
  const paths = [...new Set([...wanted.keys(), ...found.keys()])].filter(
    (path) => !path.includes(".tfevents."),
  );
  return paths.flatMap((path) => {
    if (!found.has(path)) return [`missing: ${path}`];
    if (!wanted.has(path)) return [`not written when left alone: ${path}`];
    const [one, two] = [wanted, found].map((files) => contentOf(path, files.get(path)));
    return one === two ? [] : [`different: ${path}`];
  });
}
