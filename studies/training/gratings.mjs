/**
 * The images of the study: shapes that are told apart by their texture alone. A texture is a coarse grating, which a small
 * perturbation cannot hide, and a fine one below the radius of the attack, which it can turn into that of another class.
 */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { randomStream } from "../../dist/index.js";

export const size = 64;
export const classes = 8;

/** Amplitudes of the gratings and deviation of the noise, in units of 1/255. */
const strength = { coarse: 48, fine: 6, noise: 6 };

/** Images of each folder, and shapes of an image. Those of `pretraining` show one texture each, as photographs of objects do. */
const folders = {
  pretraining: { images: 384, shapes: 1 },
  training: { images: 240, shapes: 6 },
  test: { images: 24, shapes: 6 },
};

/** @typedef {{ images: string, labels: string }} Folder */

/**
 * Writes the folders of a seed, unless they are there.
 * @param {string} root
 * @returns {Promise<Record<keyof typeof folders, string>>} what `--data` takes
 */
export async function gratingFolders(root, seed) {
  const home = join(root, `gratings-${seed}`);
  if (!existsSync(home)) {
    const unfinished = `${home}.unfinished`;
    for (const [name, { images, shapes }] of Object.entries(folders)) {
      await writeFolder(join(unfinished, name), { seed, name, images, shapes });
    }
    renameSync(unfinished, home);
  }
  const spec = (name) => `folder:${join(home, name, "images")},${join(home, name, "labels")}`;
  return Object.fromEntries(Object.keys(folders).map((name) => [name, spec(name)]));
}

async function writeFolder(folder, { seed, name, images, shapes }) {
  for (const part of ["images", "labels"]) mkdirSync(join(folder, part), { recursive: true });
  for (let i = 0; i < images; i++) {
    const { image, labels } = gratingImage(randomStream("gratings", seed, name, i), shapes);
    const file = `${String(i).padStart(4, "0")}.png`;
    const raw = (channels) => ({ raw: { width: size, height: size, channels } });
    await sharp(image, raw(3))
      .png()
      .toFile(join(folder, "images", file));
    await sharp(labels, raw(1))
      .toColourspace("b-w")
      .png()
      .toFile(join(folder, "labels", file));
  }
}

/** Shapes are the cells of random points: each pixel belongs to the nearest one. */
function gratingImage(stream, shapes) {
  const cells = Array.from({ length: shapes }, () => drawCell(stream));
  const noise = stream.normal(3 * size * size);
  const [image, labels] = [new Uint8Array(noise.length), new Uint8Array(size * size)];
  for (let pixel = 0; pixel < size * size; pixel++) {
    const [x, y] = [pixel % size, Math.floor(pixel / size)];
    const cell = nearest(cells, x, y);
    labels[pixel] = cell.label;
    const value = strength.coarse * wave(cell.coarse, x, y) + strength.fine * wave(cell.fine, x, y);
    for (let channel = 0; channel < 3; channel++) {
      const at = 3 * pixel + channel;
      image[at] = Math.round(cell.colour[channel] + value + strength.noise * noise[at]);
    }
  }
  return { image, labels };
}

/** A cell: colour and phases are random, so that they tell nothing of the class. */
function drawCell(stream) {
  const label = Math.floor(stream.next() * classes);
  const phase = () => 2 * Math.PI * stream.next();
  return {
    label,
    at: [size * stream.next(), size * stream.next()],
    colour: [0, 1, 2].map(() => 112 + 32 * stream.next()),
    coarse: { period: label < 4 ? 7 : 12, angle: ((label % 4) * Math.PI) / 4, phase: phase() },
    fine: { period: 3, angle: (label * Math.PI) / classes, phase: phase() },
  };
}

function nearest(cells, x, y) {
  const distance = ({ at }) => (at[0] - x) ** 2 + (at[1] - y) ** 2;
  return cells.reduce((best, cell) => (distance(cell) < distance(best) ? cell : best));
}

function wave({ period, angle, phase }, x, y) {
  const along = x * Math.cos(angle) + y * Math.sin(angle);
  return Math.sin((2 * Math.PI * along) / period + phase);
}
