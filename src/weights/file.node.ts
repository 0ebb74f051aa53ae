/** Weights from a file on disk. */
import { type FileHandle, open } from "node:fs/promises";
import { messageOf } from "../base/index.js";
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
  const file = await open(path).catch((error) => unreadable(path, error));
  try {
    return await readAll(file, path);
  } catch (error) {
    return unreadable(path, error);
  } finally {
    await file.close();
  }
}

async function readAll(file: FileHandle, path: string): Promise<Uint8Array> {
  const stat = await file.stat();
  if (!stat.isFile()) refuse(`${path}: not a file; give the path of a .safetensors, .pth or .pt file`);
  const bytes = new Uint8Array(stat.size);
  let position = 0;
  while (position < bytes.length) {
    const { bytesRead } = await file.read(bytes, position, Math.min(chunkBytes, bytes.length - position));
    if (bytesRead === 0) refuse(`${path}: became shorter while it was read; wait until it is written`);
    position += bytesRead;
  }
  return bytes;
}

function unreadable(path: string, error: unknown): never {
  if (error instanceof Error && error.name === "SeawallError") throw error;
  const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
  return refuse(`${path}: ${missing ? "no such file" : `cannot be read: ${messageOf(error)}`}`, error);
}
