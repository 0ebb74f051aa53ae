/** Input of the scenarios: images, labels and checkpoints, generated deterministically. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";

/** The random generator Mulberry32, independent of Seawall. Returns numbers in [0, 1). */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Writes a folder with `images` and `labels`: side×side pixels, divided into `classes` regions; label 255 is void. */
export function writePictures(folder, { count, side, classes }) {
  for (const part of ["images", "labels"]) mkdirSync(join(folder, part), { recursive: true });
  for (let i = 0; i < count; i++) {
    const { pixels, labels } = picture(generator(1000 + i), side, classes);
    const name = `p${String(i).padStart(2, "0")}.png`;
    writeFileSync(
      join(folder, "images", name),
      encode({ width: side, height: side, channels: 3, data: pixels }),
    );
    writeFileSync(
      join(folder, "labels", name),
      encode({ width: side, height: side, channels: 1, data: labels }),
    );
  }
}

function picture(random, side, classes) {
  const [slope, shift] = [random() - 0.5, random() * side];
  const labels = Uint8Array.from({ length: side ** 2 }, (_, at) => {
    const [x, y] = [at % side, Math.floor(at / side)];
    if (y === 0) return 255;
    return Math.floor((((x + slope * y + shift) % side) / side) * classes + classes) % classes;
  });
  const pixels = Uint8Array.from({ length: 3 * side ** 2 }, (_, at) => {
    const label = labels[Math.floor(at / 3)];
    return 30 + ((label * 47 * (1 + (at % 3))) % 160) + 50 * random();
  });
  return { pixels, labels };
}

/**
 * A safetensors file with a value for every key of an architecture.
 * @param keys {name, shape, kind}, as `seawall models NAME --json` lists them
 */
export function writeCheckpoint(path, keys, seed) {
  const random = generator(seed);
  const header = {};
  const parts = [];
  let offset = 0;
  for (const key of keys) {
    const data = key.kind === "counter" ? new BigInt64Array(1) : weightValues(key, random);
    const dtype = key.kind === "counter" ? "I64" : "F32";
    header[key.name] = { dtype, shape: key.shape, data_offsets: [offset, offset + data.byteLength] };
    parts.push(new Uint8Array(data.buffer));
    offset += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  writeFileSync(path, Buffer.concat([length, padded, ...parts]));
}

/** Values that keep activations bounded: uniform, scaled by the fan-in; scales of norms are near 1. */
function weightValues({ name, shape, kind }, random) {
  const size = shape.reduce((product, side) => product * side, 1);
  const fanIn = shape.slice(1).reduce((product, side) => product * side, 1);
  const isScale = /var$/.test(name) || kind === "scale" || (kind === "norm" && /weight$|gamma$/.test(name));
  const [centre, spread] = isScale ? [1, 0.2] : [0, kind === "weight" ? Math.sqrt(6 / fanIn) : 0.1];
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = centre + spread * (2 * random() - 1);
  return values;
}
