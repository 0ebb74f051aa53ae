/** Weights files on disk. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { messageOf, SeawallError, type Tensor } from "../base/index.js";
import { writePiecesAtomic } from "../base/index.node.js";
import { refuseFile } from "./guard/refuse.js";
import { readWeights, type Weights } from "./read.js";
import { safetensorsPieces } from "./safetensors/safetensors-write.js";

/** Node reads at most 2 GiB per call. */
const chunkBytes = 2 ** 30;

/**
 * Reads a weights file, as `readWeights` does.
 * @throws SeawallError `weights`, naming the path; also if the file cannot be read
 */
export async function readWeightsFile(path: string): Promise<Weights> {
  return readWeights(await readBytes(path), path);
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    // Checked before opening, because opening a named pipe would block.
    if (!(await stat(path)).isFile())
      refuseFile(`${path}: not a file; give the path of a .safetensors, .pth or .pt file`);
    const file = await open(path);
    return await readAll(file, path).finally(() => file.close());
  } catch (error) {
    return unreadable(path, error);
  }
}

async function readAll(file: FileHandle, path: string): Promise<Uint8Array> {
  const { size } = await file.stat();
  const bytes = new Uint8Array(size);
  let position = 0;
  while (position < size) {
    const { bytesRead } = await file.read(bytes, position, Math.min(chunkBytes, size - position));
    if (bytesRead === 0)
      refuseFile(`${path}: the file became shorter while it was read; wait until it is completely written`);
    position += bytesRead;
  }
  return bytes;
}

function unreadable(path: string, error: unknown): never {
  if (error instanceof SeawallError) throw error;
  const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
  return refuseFile(`${path}: ${missing ? "no such file" : `cannot be read: ${messageOf(error)}`}`, error);
}

/**
 * Writes a safetensors file (see `writeSafetensors`) atomically.
 * @throws SeawallError `usage` if the file cannot be written
 */
export async function writeSafetensorsFile(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: ReadonlyMap<string, string>,
): Promise<void> {
  await writePiecesAtomic(path, safetensorsPieces(tensors, metadata));
}
