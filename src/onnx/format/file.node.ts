/** Models on disk, with their files of external tensor data. */
import { createHash } from "node:crypto";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, posix, relative, sep, win32 } from "node:path";
import { messageOf, SeawallError } from "../../base/index.js";
import { writePiecesAtomic } from "../../base/index.node.js";
import type { Graph } from "../graph/graph.js";
import { readModel } from "./read.js";
import { splitModel, weightBytes, writeModel } from "./write.js";

/** A model file. */
export interface ModelFile {
  readonly graph: Graph;
  /** SHA-256 of the bytes of the file and then of its external data files, sorted by name. */
  readonly sha256: string;
  /** The file itself, without external data. */
  readonly bytes: Uint8Array;
}

/** The limit of one protobuf message, and so of a model with all its weights as the engine takes it. */
const largestFile = 2 ** 31 - 1;

/**
 * Reads an ONNX file. External data is read only from files in the model's folder and below.
 * @throws SeawallError `model` for a file that is missing, damaged or not ONNX; `unsupported` as `readModel`, and for
 * more than 2 GiB with external data
 */
export async function readModelFile(file: string): Promise<ModelFile> {
  const bytes = readWhole(file, 0, "give the path of an .onnx file");
  const data = new Map<string, Uint8Array>();
  const external = (location: string) => {
    const known = data.get(location);
    if (known) return known;
    const before = [bytes, ...data.values()].reduce((sum, { length }) => sum + length, 0);
    const content = readWhole(within(file, location), before, missingData(file));
    data.set(location, content);
    return content;
  };
  const graph = readModel(bytes, { file, external });
  const hash = createHash("sha256").update(bytes);
  for (const location of [...data.keys()].sort()) hash.update(data.get(location)!);
  return { graph, sha256: hash.digest("hex"), bytes };
}

const missingData = (file: string) => `${basename(file)} has its weights there: copy it to the same folder`;

/** Reads a regular file. Together with the `before` bytes read earlier it must have at most 2 GiB. */
function readWhole(file: string, before: number, remedy: string): Uint8Array {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat) throw fileError(file, `no such file; ${remedy}`);
    if (!stat.isFile()) throw fileError(file, `not a file; ${remedy}`);
    if (before + stat.size > largestFile) throw tooLarge(file, before + stat.size);
    const content = readFileSync(file);
    const { size, mtimeMs, ino } = statSync(file);
    if (size !== stat.size || mtimeMs !== stat.mtimeMs || ino !== stat.ino)
      throw fileError(file, "was changed while it was read; try again when it is complete");
    return content;
  } catch (error) {
    if (error instanceof SeawallError) throw error;
    throw fileError(file, `cannot be read (${messageOf(error)})`);
  }
}

function tooLarge(file: string, bytes: number): SeawallError {
  return new SeawallError(
    "unsupported",
    `${file}: the model has ${(bytes / 2 ** 30).toFixed(1)} GiB with its weights, more than the 2 GiB supported; use a smaller model or half-precision weights`,
  );
}

/**
 * The path of a file that a model names. It must be in the model's folder or below after links are resolved.
 * @throws SeawallError `model` otherwise
 */
function within(file: string, location: string): string {
  const folder = dirname(file);
  const steps = location.split(/[\\/]/);
  const absolute = posix.isAbsolute(location) || win32.isAbsolute(location);
  if (location === "" || location.includes("\0") || absolute || steps.includes(".."))
    throw foreign(file, location);
  const path = join(folder, ...steps);
  const way = relative(realpathSync(folder), realPath(path, missingData(file)));
  if (way === ".." || way.startsWith(`..${sep}`) || win32.isAbsolute(way) || posix.isAbsolute(way)) {
    throw foreign(file, location);
  }
  return path;
}

function realPath(path: string, remedy: string): string {
  try {
    return realpathSync(path);
  } catch {
    throw fileError(path, `no such file; ${remedy}`);
  }
}

function foreign(file: string, location: string): SeawallError {
  const problem = `names external data "${location}", which is outside the model's folder`;
  return fileError(file, `${problem}; copy both into one folder, if you trust the model`);
}

function fileError(file: string, problem: string): SeawallError {
  return new SeawallError("model", `${file}: ${problem}`);
}

export interface WriteOptions {
  /** Writes weights to a second file, named as the model with `.data` appended. Default: if they exceed 1.5 GB. */
  readonly externalData?: boolean;
}

const largestWithin = 1.5e9;

/**
 * Writes a graph as an ONNX file atomically. The file of external data is written before the model.
 * @throws SeawallError `usage` if a file cannot be written
 */
export async function writeModelFile(file: string, graph: Graph, options: WriteOptions = {}): Promise<void> {
  if (!(options.externalData ?? weightBytes(graph) > largestWithin)) {
    return writePiecesAtomic(file, [{ offset: 0, bytes: writeModel(graph) }]);
  }
  const { model, pieces } = splitModel(graph, `${basename(file)}.data`);
  await writePiecesAtomic(`${file}.data`, pieces);
  await writePiecesAtomic(file, [{ offset: 0, bytes: model }]);
}
