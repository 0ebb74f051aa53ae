/** Reading the value of `--classes`. */
import { SeawallError } from "../base/index.js";
import { readBytes } from "./formats/files.node.js";

/**
 * The number of classes, or the class names in a file, one per line.
 * @throws SeawallError `usage` or `data` unless there are 2 to 65536 classes with distinct names.
 */
export async function readClasses(text: string): Promise<number | string[]> {
  if (/^\d+$/.test(text)) return atLeastTwo(Number(text), text);
  const names = (await readBytes(text)).toString("utf8").split(/\r?\n/);
  while (names.at(-1)?.trim() === "") names.pop();
  atLeastTwo(names.length, text);
  const seen = new Set<string>();
  for (const [line, name] of names.entries()) {
    if (name.trim() === "" || seen.has(name)) {
      throw new SeawallError(
        "data",
        `${text}, line ${line + 1}: expected one class name per line, each once, got "${name.slice(0, 80)}"`,
      );
    }
    seen.add(name);
  }
  return names.map((name) => name.trim());
}

function atLeastTwo(count: number, text: string): number {
  if (count >= 2 && count <= 2 ** 16) return count;
  throw new SeawallError("usage", `--classes ${text}: expected 2 to 65536 classes, got ${count}`);
}
