/** Forms of pixels: those that are usual, and the flags that lead from one to another. */
import type { Sample } from "../../data/index.js";
import type { Preprocessing } from "../../oracle/index.js";
import type { Settings, SettingsChange } from "./finding.js";

type FormSetting = keyof Preprocessing;

const flags = {
  inputRange: "--input-range",
  mean: "--mean",
  std: "--std",
  bgr: "--bgr",
} as const satisfies Record<FormSetting, string>;
const formSettings = Object.keys(flags) as FormSetting[];

const ranges: readonly Preprocessing[] = [
  {},
  { inputRange: [0, 1] },
  { inputRange: [0, 255] },
  { inputRange: [-1, 1] },
];

/** The ImageNet statistics that most training code subtracts and divides by. 255 times these, on [0, 255], are the same. */
const imageNet: Preprocessing = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** The form that settings ask for. */
export function formOf({ inputRange, mean, std, bgr }: Settings): Preprocessing {
  return {
    ...(inputRange && { inputRange }),
    ...(mean && { mean }),
    ...(std && { std }),
    ...(bgr && { bgr }),
  };
}

/**
 * The given form, and all that are usual, those with the fewest flags first: [0, 1], [0, 255], [-1, 1], and the values as
 * stored; the given mean and std on [0, 1] and on [0, 255]; those of ImageNet for colour images; and for colour images all
 * of these once more with blue first. No form twice: at most 15 for colour images, 7 for others.
 * @param usual the range of a model where no flag says one
 */
export function formsToTry(
  given: Preprocessing,
  { image, stored }: Sample,
  usual: readonly [number, number],
): readonly Preprocessing[] {
  const isColour = image.dims[0] === 3;
  const { inputRange: _, bgr: __, ...own } = given;
  const ownOnBytes: Preprocessing = { ...own, inputRange: [0, 255] };
  const asStored: Preprocessing = { inputRange: stored.range };
  const straight = [...ranges, asStored, own, ownOnBytes, ...(isColour ? [imageNet] : [])];
  const turned = isColour ? straight.map((form) => ({ ...form, bgr: true })) : [];
  const all = [given, ...straight, ...turned];
  const keys = all.map((form) => written({ inputRange: usual, ...form }).join(" "));
  return all.filter((_, i) => keys.indexOf(keys[i]!) === i);
}

/** What leads from one form to another: `with --input-range 0,255 and without --bgr`, and as settings. */
export function stepTo(
  wanted: Preprocessing,
  given: Preprocessing,
): { readonly words: string; readonly change: SettingsChange } {
  const set = formSettings.filter((s) => wanted[s] && String(wanted[s]) !== String(given[s]));
  const dropped = formSettings.filter((s) => given[s] && !wanted[s]);
  const words = [
    ...(set.length > 0 ? [`with ${written(wanted, set).join(" ")}`] : []),
    ...(dropped.length > 0 ? [`without ${written(given, dropped).join(" ")}`] : []),
  ];
  const values = [...set.map((s) => [s, wanted[s]]), ...dropped.map((s) => [s, null])];
  return { words: words.join(" and "), change: Object.fromEntries(values) };
}

/** The flags of a form, or some of them, with their values. */
function written(form: Preprocessing, settings = formSettings): string[] {
  const present = settings.filter((s) => form[s]);
  return present.map((s) => (s === "bgr" ? flags[s] : `${flags[s]} ${form[s]}`));
}

/** Whether a form lacks the normalisation that another one has. */
export function normalizesLess(wanted: Preprocessing, given: Preprocessing): boolean {
  return !wanted.mean && !wanted.std && Boolean(given.mean || given.std);
}
