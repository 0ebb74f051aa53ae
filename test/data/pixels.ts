/** Small images and data sets made on the spot. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encode } from "fast-png";
import { afterAll } from "vitest";
import type { ImageRaster, LabelRaster } from "../../src/data/index.js";

/** Bytes of the generator that tools/pillow_resize.py uses. */
export function noise(count: number): Uint8Array {
  let state = count;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

export function imageOf(height: number, width: number, data = noise(height * width * 3)): ImageRaster {
  return { height, width, channels: 3, data };
}

export function labelsOf(height: number, width: number, data: ArrayLike<number>): LabelRaster {
  return { height, width, channels: 1, data: Int32Array.from(data) };
}

/** A grey PNG of 8 bits, as most label files are. */
export function greyPng(height: number, width: number, data: ArrayLike<number>): Uint8Array {
  return encode({ height, width, channels: 1, depth: 8, data: Uint8Array.from(data) });
}

export function rgbPng(height: number, width: number, data = noise(height * width * 3)): Uint8Array {
  return encode({ height, width, channels: 3, depth: 8, data });
}

const roots: string[] = [];
afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true, force: true }))));

/** A folder with these files (path → content), removed when the test file is done. */
export async function folderWith(files: Record<string, Uint8Array | string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "seawall-data-"));
  roots.push(root);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}
