/** Weights from a file on disk. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { messageOf, SeawallError } from "../base/index.js";
import { readWeights, type Weights } from "./read.js";
import { refuse } from "./refuse.js";

/** One read call takes no more than 2 GiB. */
const chunkBytes = 2 ** 30;

/**
 * Reads a file of weights; see `readWeights`.
 * @throws SeawallError `weights`, naming the path, also when it cannot be read.
 */
export async function readWeightsFile(path: string): Promise<Weights> {
  return readWeights(await readBytes(path), path);
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    // Asked before opening, which would wait for ever at a named pipe.
    if (!(await stat(path)).isFile())
      refuse(`${path}: not a file; give the path of a .safetensors, .pth or .pt file`);
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
    if (bytesRead === 0) refuse(`${path}: became shorter while it was read; wait until it is written`);
    position += bytesRead;
  }
  return bytes;
}

function unreadable(path: string, error: unknown): never {
  if (error instanceof SeawallError) throw error;
  const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
  return refuse(`${path}: ${missing ? "no such file" : `cannot be read: ${messageOf(error)}`}`, error);
}
