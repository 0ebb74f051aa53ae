/** Whether files are whole, and what they say apart from times. */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { readModel } from "../../dist/onnx/index.js";
import { readWeights } from "../../dist/weights/index.js";
import { timeless, unsealed } from "./program.mjs";

/** Files that a process has while it runs; a killed one leaves them, and the next one removes them. */
export const isPassing = (path) => /\.seawall-tmp$|run\.lock|merge-unfinished$/.test(path);

/** The files below a folder: bytes by path, sorted. */
export function filesIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path)]));
}

/** What the name of a file promises of its bytes; throws, or gives false, for a torn one. */
const forms = {
  ".json": (bytes) => JSON.parse(bytes.toString()) !== undefined,
  // Lines are appended: the last one may be torn.
  ".jsonl": (bytes) =>
    bytes
      .toString()
      .split("\n")
      .slice(0, -1)
      .every((line) => JSON.parse(line)),
  ".webp": (bytes) => bytes.readUInt32LE(4) === bytes.length - 8,
  ".npy": (bytes) => {
    const header = bytes.toString("latin1", 0, 10 + bytes.readUInt16LE(8));
    const shape = /'shape': \(([^)]*)\)/
      .exec(header)[1]
      .split(",")
      .filter((side) => side.trim());
    return bytes.length === header.length + 4 * shape.reduce((size, side) => size * Number(side), 1);
  },
  ".f32": (bytes) => bytes.length > 0 && bytes.length % 4 === 0,
  ".html": (bytes) => bytes.toString().trimEnd().endsWith("</html>"),
  ".csv": (bytes) => bytes.toString().endsWith("\n"),
  ".xml": (bytes) => bytes.toString().trimEnd().endsWith("</testsuites>"),
  ".onnx": (bytes) => Boolean(readModel(bytes)),
  ".safetensors": (bytes) => Boolean(readWeights(bytes, "weights.safetensors")),
};

/** Whether a file is whole by what its name promises. Event files of TensorBoard are appended to, and may end anywhere. */
export function isWhole(path, bytes) {
  if (path.includes(".tfevents.")) return true;
  try {
    return Boolean(forms[extname(path)]?.(bytes));
  } catch {
    return false;
  }
}

/** What a file says apart from times; undefined for files that hold nothing else. */
export function contentOf(path, bytes) {
  if (path.includes(".tfevents.")) return undefined;
  if (path.endsWith("journal.jsonl")) return unsealed(bytes.toString()).join("\n");
  if (path.endsWith("log.jsonl")) return bytes.toString().replace(/"(imagesPerSecond|seconds)":[^,}]*/g, "");
  if (path.endsWith("result.json")) return timeless(bytes.toString());
  if (path.endsWith("report.html"))
    return bytes
      .toString()
      .replace(/data-sort="[\d.e-]*"|<(td|dd)[^>]*>[\d.]+ (ms|s|min|h)\b[^<]*<|"seconds":[\d.e-]*/g, "");
  return bytes.toString("latin1");
}
