/** Shared libraries of Linux, tried one by one. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The file that the system's loader took for a name, or why it took none. */
export type LoadedLibrary =
  | { readonly file: string; readonly problem?: undefined }
  | { readonly file?: undefined; readonly problem: string };

const longest = 60_000;

/** Loads libraries by name, in their order, in a process of its own. */
export async function loadLibraries(names: readonly string[]): Promise<LoadedLibrary[]> {
  const program = fileURLToPath(new URL("./load-libraries.node.js", import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...names], { timeout: longest });
    return outcomes(stdout);
  } catch (error) {
    const { stdout = "", signal } = error as { stdout?: string; signal?: string | null };
    if (!signal) throw error;
    const known = outcomes(stdout);
    const [, ...untried] = names.slice(known.length);
    const problem = `loading it ended the process (${signal})`;
    return [
      ...known,
      { problem },
      ...untried.map(() => ({ problem: "not tried, since the one before failed" })),
    ];
  }
}

/** One line for each library that was tried. */
function outcomes(printed: string): LoadedLibrary[] {
  const lines = printed.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}
