/** The demo's picture: images, predictions before and after an attack, and perturbations. */
import sharp, { type OverlayOptions } from "sharp";
import { formatFigure } from "../text.js";
import { classColour, type Rgb } from "./palette.js";
import { colourMap, imageBytes, perturbationBytes } from "./pixels.js";

/** One image of the picture. Maps of classes are row by row, with −1 for ignored pixels. */
export interface PictureRow {
  readonly id: string;
  readonly height: number;
  readonly width: number;
  /** C·H·W floats in [0, 1]; the first three channels are shown as red, green and blue, or the first one as grey. */
  readonly image: Float32Array;
  /** The perturbed image, in the form of `image`. */
  readonly attacked: Float32Array;
  /** The labels that predictions are compared with. */
  readonly reference: ArrayLike<number>;
  readonly prediction: ArrayLike<number>;
  readonly attackedPrediction: ArrayLike<number>;
}

export interface PictureOptions {
  /** The radius in [0, 1]. Perturbations are scaled by it to the full range of grey. */
  readonly radius: number;
  /** Whether the reference is the clean prediction, which is then shown once. */
  readonly self?: boolean;
  readonly classNames?: readonly string[];
}

interface Tile {
  readonly heading: string;
  readonly caption?: string;
  /** Three bytes per pixel, row by row. */
  readonly pixels: Uint8Array;
  readonly isMap: boolean;
}

const tileWidth = 224;
const gap = 10;
const line = 20;

/** @returns the bytes of a PNG with one row for each image and a legend of the classes in it */
export async function demoPicture(rows: readonly PictureRow[], options: PictureOptions): Promise<Uint8Array> {
  const table = rows.map((row) => tilesOf(row, options));
  const columns = table[0]?.length ?? 0;
  const width = gap + columns * (tileWidth + gap);
  const legend = legendOf(rows, options, width);
  const overlays: OverlayOptions[] = [];
  const texts: string[] = [];
  let top = gap + line;
  table[0]?.forEach(({ heading }, column) => {
    texts.push(textAt(left(column), gap + 14, heading));
  });
  for (const [r, tiles] of table.entries()) {
    const { height, width: original } = rows[r]!;
    const tileHeight = Math.max(1, Math.round((height * tileWidth) / original));
    for (const [column, tile] of tiles.entries()) {
      const input = await drawTile(tile, rows[r]!, tileHeight);
      overlays.push({ input, top, left: left(column) });
      if (tile.caption) texts.push(textAt(left(column), top + tileHeight + 15, tile.caption));
    }
    top += tileHeight + line + gap;
  }
  const height = top + legend.height;
  texts.push(`<g transform="translate(${gap},${top})">${legend.svg}</g>`);
  overlays.push({ input: Buffer.from(svg(width, height, texts.join(""))), top: 0, left: 0 });
  return sharp({ create: { width, height, channels: 3, background: "white" } })
    .composite(overlays)
    .png()
    .toBuffer();
}

function left(column: number): number {
  return gap + column * (tileWidth + gap);
}

function tilesOf(row: PictureRow, { radius, self = false }: PictureOptions): Tile[] {
  const { image, attacked, reference, prediction, attackedPrediction } = row;
  const shares = [prediction, attackedPrediction].map((classes) => {
    const share = agreement(classes, reference);
    return share === undefined ? "" : `${formatFigure(share)} ${self ? "unchanged" : "correct"}`;
  });
  const map = (heading: string, classes: ArrayLike<number>, caption = "") => ({
    heading,
    caption,
    pixels: colourMap(classes),
    isMap: true,
  });
  return [
    { heading: "image", caption: row.id, pixels: imageBytes(image, row), isMap: false },
    { heading: "perturbed image", pixels: imageBytes(attacked, row), isMap: false },
    ...(self ? [] : [map("label", reference)]),
    map("prediction", prediction, self ? "" : shares[0]),
    map("under attack", attackedPrediction, shares[1]),
    {
      heading: radius > 0 ? `perturbation × ${Math.round(0.5 / radius)}` : "perturbation",
      pixels: perturbationBytes(image, attacked, radius, row),
      isMap: false,
    },
  ];
}

/** The share of pixels in which two maps agree, ignored pixels left out; undefined if all are ignored. */
function agreement(classes: ArrayLike<number>, reference: ArrayLike<number>): number | undefined {
  let [counted, equal] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    if (reference[i]! < 0) continue;
    counted++;
    if (classes[i] === reference[i]) equal++;
  }
  return counted === 0 ? undefined : equal / counted;
}

function drawTile(
  { pixels, isMap }: Tile,
  { width, height }: PictureRow,
  tileHeight: number,
): Promise<Buffer> {
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize(tileWidth, tileHeight, { fit: "fill", kernel: isMap ? "nearest" : "lanczos3" })
    .png()
    .toBuffer();
}

/** The legend of classes, as SVG, with as many on a line as fit. */
function legendOf(rows: readonly PictureRow[], { classNames }: PictureOptions, width: number) {
  const present = new Set<number>();
  for (const { reference, prediction, attackedPrediction } of rows) {
    for (const map of [reference, prediction, attackedPrediction]) {
      for (let i = 0; i < map.length; i++) present.add(map[i]!);
    }
  }
  const labels = [...present].sort((a, b) => a - b);
  const cell = 132;
  const perLine = Math.max(1, Math.floor((width - gap) / cell));
  const entries = labels.map((label, i) => {
    const [x, y] = [(i % perLine) * cell, Math.floor(i / perLine) * line];
    const name = label < 0 ? "ignored" : (classNames?.[label] ?? `class ${label}`);
    const swatch = `<rect x="${x}" y="${y}" width="14" height="14" fill="${css(classColour(label))}" stroke="#888"/>`;
    return swatch + textAt(x + 20, y + 12, name);
  });
  return { svg: entries.join(""), height: Math.ceil(labels.length / perLine) * line + gap };
}

function css([red, green, blue]: Rgb): string {
  return `rgb(${red},${green},${blue})`;
}

function textAt(x: number, y: number, text: string): string {
  const escaped = text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
  return `<text x="${x}" y="${y}">${escaped}</text>`;
}

function svg(width: number, height: number, content: string): string {
  const style = 'font-family="sans-serif" font-size="13" fill="#222"';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ${style}>${content}</svg>`;
}
