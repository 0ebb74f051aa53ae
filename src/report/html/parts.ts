/** Parts used by several sections of the page. */

import { parseRadius } from "../../base/index.js";
import type { PictureKey, RunDescription } from "../../journal/index.js";
import { base64 } from "../base64.js";
import { type Content, type Markup, markup } from "../markup.js";
import { classColour, palette } from "../pictures/palette.js";
import { formatFigure } from "../text.js";

export interface Column {
  readonly head: Content;
  /** Whether to align the column to the right. */
  readonly numeric?: boolean;
}

export interface Cell {
  readonly content: Content;
  /** The key for sorting. Default: the content. */
  readonly sortBy?: number | string | undefined;
}

/** A table that the reader can sort by any column. The first cell of a row is its heading. */
export function sortableTable(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): Markup {
  const heads = columns.map(
    ({ head, numeric }) =>
      markup`<th scope="col"${kind(numeric)}><button type="button">${head}</button></th>`,
  );
  const body = rows.map(
    (cells) =>
      markup`<tr>${cells.map((cell, i) => tableCell(cell, columns[i]?.numeric, i === 0))}</tr>
`,
  );
  return markup`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
<table class="sortable"><caption>${caption}</caption><thead><tr>${heads}</tr></thead>
<tbody>
${body}</tbody></table></div>
`;
}

function tableCell({ content, sortBy }: Cell, numeric: boolean | undefined, first: boolean): Markup {
  const key = sortBy === undefined ? undefined : markup` data-sort="${sortBy}"`;
  if (first) return markup`<th scope="row"${kind(numeric)}${key}>${content}</th>`;
  return markup`<td${kind(numeric)}${key}>${content}</td>`;
}

function kind(numeric: boolean | undefined): Markup | undefined {
  return numeric ? markup` class="number"` : undefined;
}

/** A cell with a figure in [0, 1] and a bar of its length; a dash for null. */
export function figureCell(figure: number | null | undefined): Cell {
  if (figure === null || figure === undefined)
    return { content: markup`<span class="bar" style="--share:0">–</span>`, sortBy: -1 };
  return {
    content: markup`<span class="bar" style="--share:${figure.toFixed(4)}">${formatFigure(figure)}</span>`,
    sortBy: figure,
  };
}

/** The name of a class. */
export function className({ model }: RunDescription, label: number): string {
  return nameOfClass(model.classNames, label);
}

function nameOfClass(names: readonly string[] | undefined, label: number): string {
  return names?.[label] ?? `class ${label}`;
}

/** A class's colour in the pictures, and its name. */
export function classLabel({ model }: RunDescription, label: number): Markup {
  return classEntry(model.classNames, label);
}

function classEntry(names: readonly string[] | undefined, label: number): Markup {
  const colour = `rgb(${classColour(label).join(" ")})`;
  return markup`<span class="class"><svg class="swatch" viewBox="0 0 1 1" aria-hidden="true"><rect width="1" height="1" fill="${colour}"/></svg>${
    label < 0 ? "ignored" : nameOfClass(names, label)
  }</span>`;
}

/** The legend of classes in pictures, and of ignored pixels. */
export function classLegend(
  labels: readonly number[],
  classes: number,
  names: readonly string[] | undefined,
): Markup {
  const repeats = classes > palette.length;
  return markup`<ul class="legend">${[...labels, -1].map((label) => markup`<li>${classEntry(names, label)}</li>`)}</ul>${
    repeats && markup`<p class="note">Every ${palette.length} classes, the colours repeat.</p>`
  }`;
}

/** A picture with its name below; a place for it where none is stored. */
export function tile(name: string, webp: Uint8Array | undefined, isImage = false): Markup {
  const shown = webp
    ? markup`<img src="${pictureUrl(webp)}" alt="${name}"${!isImage && markup` class="pixels"`}/>`
    : markup`<span class="none">not stored</span>`;
  return markup`<span class="tile">${shown}<span class="name">${name}</span></span>`;
}

/** The stored pictures of an image before and under an attack, WebP. */
export type AttackPictures = Readonly<
  Record<"image" | "label" | "prediction" | "attackedPrediction" | "perturbation", Uint8Array | undefined>
>;

/** Those of a record's slot; the pictures before the attack have slot 0. */
export function attackPictures(
  slot: number,
  read: (slot: number, kind: PictureKey["kind"]) => Uint8Array | undefined,
): AttackPictures {
  return {
    image: read(0, "image"),
    label: read(0, "label"),
    prediction: read(0, "prediction"),
    attackedPrediction: read(slot, "prediction"),
    perturbation: read(slot, "perturbation"),
  };
}

/**
 * The pictures of an image before and under an attack. There may be no label.
 * @param radius of the attack in [0, 1], to which the perturbation is scaled
 */
export function attackTiles(pictures: AttackPictures, radius: number): Markup[] {
  return [
    tile("image", pictures.image, true),
    ...(pictures.label ? [tile("label", pictures.label)] : []),
    tile("clean prediction", pictures.prediction),
    tile("under attack", pictures.attackedPrediction),
    tile(perturbationName(radius), pictures.perturbation),
  ];
}

/** How a picture of a perturbation of this radius is named: by its magnification. */
export function perturbationName(radius: number): string {
  return radius > 0 ? `perturbation × ${Math.round(0.5 / radius)}` : "perturbation";
}

export interface Panel {
  readonly name: string;
  /** The panel's radius. */
  readonly eps: string;
  readonly content: Content;
}

/** Panels, of which the reader chooses one. At first it is one of the largest radius. Without the program all are shown. */
export function panels(id: string, label: string, list: readonly Panel[]): Content {
  if (list.length === 1) return list[0]!.content;
  const first = hardest(list);
  const options = list.map(
    (panel, i) => markup`<option value="${i}"${panel === first && markup` selected`}>${panel.name}</option>`,
  );
  return markup`<p class="choice"><label>${label} <select data-panels="${id}">${options}</select></label></p>
${list.map(({ name, content }) => markup`<div class="panel" data-panel="${id}"><h3>${name}</h3>${content}</div>`)}
`;
}

/** A data URL of a picture. */
export function pictureUrl(webp: Uint8Array | string): string {
  return `data:image/webp;base64,${typeof webp === "string" ? webp : base64(webp)}`;
}

/** The first entry of the largest radius. */
export function hardest<T extends { readonly eps: string }>(entries: readonly T[]): T {
  const radius = ({ eps }: T) => parseRadius(eps).value;
  return entries.reduce((a, b) => (radius(b) > radius(a) ? b : a));
}
