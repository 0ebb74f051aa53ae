/** How the label files of a data set are read: settings, what the file names say, and what the files hold. */
import { SeawallError, sha256 } from "../base/index.js";
import type { DataAccess, DatasetLayout, Entry, Listing } from "./layouts/layout.js";
import type { DataOptions } from "./layouts/options.js";
import { overrideScheme, selectVariant, wantedClasses } from "./layouts/scheme.js";
import { type LabelMap, parseLabelMap, parseLabelMapFile } from "./pixels/label-map.js";
import { classCount, ignoreLabelsOf, type LabelScheme } from "./pixels/labels.js";
import { parsePalette } from "./pixels/palette.js";
import { type Palette, palettes } from "./pixels/palettes.js";
import { distinctValues } from "./pixels/stored.js";

/** How label files are read. */
export interface LabelReading {
  readonly scheme: LabelScheme;
  readonly labelVariant: string | undefined;
  /** Content of the label map and the palette, for the record of a run. */
  readonly labelMap: string | undefined;
  readonly palette: string | undefined;
  /** Decisions for the user to know, one sentence each. */
  readonly notices: readonly string[];
}

/**
 * Chooses how label files are read.
 * @throws SeawallError `usage` or `data` for a map or palette that cannot be read, and for settings that contradict
 * each other
 */
export async function chooseReading(
  files: DataAccess,
  name: string,
  layout: DatasetLayout,
  options: DataOptions,
  listing: Listing,
): Promise<LabelReading> {
  const given = await givenMap(files, options.labelMap);
  const palette = await givenPalette(files, options.palette);
  const labelVariant = given || palette ? options.labelVariant : selectVariant(name, layout, options);
  const own = labelVariant === undefined ? layout.scheme : layout.variants[labelVariant]!;
  const guessed = given ? undefined : await guessMap(files, own, palette, options, listing);
  const map = given ?? guessed?.map;
  const variantTitle =
    labelVariant !== options.labelVariant && labelVariant && layout.variants[labelVariant]!.title;
  return {
    scheme: overrideScheme(own, options, map, palette),
    labelVariant,
    labelMap: map?.text,
    palette:
      palette && (Object.hasOwn(palettes, palette.name) ? palette.name : await hashOf(files, palette.name)),
    notices: [
      ...(variantTitle
        ? [
            `${name} labels for ${wantedClasses(options)} classes: ${variantTitle} (--label-variant ${labelVariant})`,
          ]
        : []),
      ...(palette?.notice ? [palette.notice] : []),
      ...(guessed ? [guessed.notice] : []),
    ],
  };
}

async function hashOf(files: DataAccess, file: string): Promise<string> {
  return `sha256:${sha256(await files.readBytes(file))}`;
}

async function givenMap(files: DataAccess, text: string | undefined): Promise<LabelMap | undefined> {
  if (text === undefined) return undefined;
  if ((await files.stampOf(text)) === undefined) return parseLabelMap(text);
  return parseLabelMapFile(await files.readText(text), text, await hashOf(files, text));
}

async function givenPalette(files: DataAccess, name: string | undefined): Promise<Palette | undefined> {
  if (name === undefined) return undefined;
  if (Object.hasOwn(palettes, name)) return palettes[name as keyof typeof palettes];
  if ((await files.stampOf(name)) === undefined) {
    throw new SeawallError(
      "usage",
      `--palette ${name}: no such file; expected a file with one line a class (red green blue and its name), or one of ${Object.keys(palettes).join(", ")}`,
    );
  }
  return parsePalette(await files.readText(name), name);
}

interface Guess {
  /** Undefined where the user's own settings forbid it. */
  readonly map: LabelMap | undefined;
  readonly notice: string;
}

/** The map that file names, palette or values make certain, where the user gave none. */
async function guessMap(
  files: DataAccess,
  own: LabelScheme,
  palette: Palette | undefined,
  options: DataOptions,
  { entries, labelSuffix }: Listing,
): Promise<Guess | undefined> {
  const wanted = wantedClasses(options);
  if (palette === palettes.ade20k && wanted === 150) {
    return { map: parseLabelMap("reduce-zero"), notice: notices.ade20k };
  }
  if (palette || own.relabel) return undefined;
  if (labelSuffix?.endsWith("gtFine_labelIds") && (wanted ?? 19) === 19) {
    return { map: parseLabelMap("cityscapes-ids"), notice: notices.cityscapes };
  }
  const isTwoClass = wanted === 2 && [2, undefined].includes(classCount(own));
  if (!isTwoClass || !(await holdsMasks(files, entries))) return undefined;
  if (ignoreLabelsOf(options).includes(255)) return { map: undefined, notice: notices.foreground };
  return { map: parseLabelMap("255:1"), notice: notices.masks };
}

const notices = {
  ade20k:
    "150 classes: black (other) counts nowhere, and the first colour is class 0 (--label-map reduce-zero)",
  cityscapes: "label ids of Cityscapes are read as its 19 classes (--label-map cityscapes-ids)",
  foreground:
    "WARNING: --ignore-label 255 leaves out the foreground: label files hold 0 and 255 alone; leave the flag out, and 255 is read as class 1",
  masks: "label files hold 0 and 255 alone: 255 is read as class 1 (--label-map 255:1)",
} as const;

/** Enough label files to see that no value but 0 and 255 occurs; a later file with another value is refused. */
const maskFiles = 64;

/** Whether label files, looked at here and there, hold 0 and 255 and nothing else. */
async function holdsMasks(files: DataAccess, entries: readonly Entry[]): Promise<boolean> {
  const labelled = entries.flatMap(({ labels }) => labels ?? []);
  const step = Math.max(1, labelled.length / maskFiles);
  const seen = new Set<number>();
  for (let at = 0; at < labelled.length; at += step) {
    const stored = await files.readLabels(labelled[Math.floor(at)]!);
    if (stored.coloured) return false;
    for (const value of distinctValues(stored.values)) seen.add(value);
    if ([...seen].some((value) => value !== 0 && value !== 255)) return false;
  }
  return seen.has(255);
}
