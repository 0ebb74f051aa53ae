/** Which reading of a data set's labels the options select. */
import { SeawallError } from "../../base/index.js";
import type { LabelMap } from "../pixels/label-map.js";
import { classCount, ignoreLabelsOf, type LabelScheme } from "../pixels/labels.js";
import type { Palette } from "../pixels/palettes.js";
import { ignored, storedValues } from "../pixels/stored.js";
import type { DatasetLayout } from "./layout.js";
import type { DataOptions } from "./options.js";

type Readings = Pick<DatasetLayout, "scheme" | "variants">;
type SchemeOptions = Pick<DataOptions, "labelVariant" | "classes" | "modelClasses" | "ignoreLabel">;

/**
 * The variant that is read: the one asked for, or, where the data set's own classes are of another number than wanted,
 * the only one that has as many. A number that the user gives chooses only among those that change what values mean:
 * otherwise it adds classes to those of the data set.
 * @throws SeawallError `usage` when the data set has no such variant
 */
export function selectVariant(
  name: string,
  { scheme, variants }: Readings,
  { labelVariant, classes, modelClasses }: SchemeOptions,
): string | undefined {
  const available = Object.keys(variants);
  if (labelVariant !== undefined && !Object.hasOwn(variants, labelVariant)) {
    throw new SeawallError(
      "usage",
      `--label-variant ${labelVariant}: ${name} data has no such variant; ` +
        (available.length > 0 ? `use ${available.join(" or ")}` : "leave it out"),
    );
  }
  const wanted = wantedClasses({ classes, modelClasses });
  if (labelVariant !== undefined || wanted === undefined || wanted === classCount(scheme))
    return labelVariant;
  const isMeant = ({ relabel }: LabelScheme) => classes === undefined || relabel !== undefined;
  const fitting = available.filter((one) => classCount(variants[one]!) === wanted && isMeant(variants[one]!));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** The number of classes that the user or else the model says there are. */
export function wantedClasses({ classes, modelClasses }: SchemeOptions): number | undefined {
  return typeof classes === "object" ? classes.length : (classes ?? modelClasses);
}

/**
 * A scheme with what the user says of it. Class names stay where `classes` is their number.
 * @throws SeawallError `usage` for a value that one flag ignores and another makes a class
 */
export function overrideScheme(
  own: LabelScheme,
  { classes, ignoreLabel }: Pick<DataOptions, "classes" | "ignoreLabel">,
  map?: LabelMap,
  palette?: Palette,
): LabelScheme {
  const base = palette ? { ...own, relabel: undefined, palette } : own;
  const mapped = map ? withMap(base, map, ignoreLabel !== undefined) : base;
  const keepClasses = classes === undefined || classes === classCount(mapped);
  const given = ignoreLabelsOf({ ignoreLabel }).filter((label) => label !== ignored);
  const contradiction = given.find((label) => (map?.names(label) && map.classOf(label) !== ignored) ?? false);
  if (contradiction !== undefined) {
    throw new SeawallError(
      "usage",
      `--ignore-label ${given.join(",")}: --label-map makes ${contradiction} a class; leave it out of one of the two flags`,
    );
  }
  return {
    ...mapped,
    classes: keepClasses ? mapped.classes : classes,
    ignoreLabel: ignoreLabel === undefined ? mapped.ignoreLabel : asGiven(given),
  };
}

/** One value stays a number, as records of runs have it. */
function asGiven(labels: readonly number[]): LabelScheme["ignoreLabel"] {
  return labels.length > 1 ? labels : labels[0];
}

/** A scheme whose stored values a map reads: values that the map does not name are read as before. */
function withMap(own: LabelScheme, map: LabelMap, ignoreIsGiven: boolean): LabelScheme {
  const kept = ignoreLabelsOf(own).filter((label) => !map.names(label));
  const before = (value: number) => own.relabel?.(value) ?? value;
  const relabel = (value: number) => map.classOf(value) ?? before(value);
  return {
    ...own,
    relabel,
    ignoreLabel: ignoreIsGiven ? own.ignoreLabel : asGiven(kept),
    classes: map.classes ?? mappedClasses(own, before, relabel),
  };
}

/** The classes that the classes of a scheme become; names of classes that are joined are joined. */
function mappedClasses(
  own: LabelScheme,
  before: (value: number) => number,
  after: (value: number) => number,
): LabelScheme["classes"] {
  const count = classCount(own);
  if (count === undefined) return undefined;
  const names = typeof own.classes === "object" ? own.classes : undefined;
  const ignoredBefore = ignoreLabelsOf(own);
  const joined = new Map<number, Set<string>>();
  for (let value = 0; value < storedValues; value++) {
    const [old, label] = [before(value), after(value)];
    const isClass = old >= 0 && old < count && !ignoredBefore.includes(value);
    if (!isClass || label < 0) continue;
    const own = joined.get(label) ?? new Set();
    joined.set(label, own.add(names?.[old] ?? String(old)));
  }
  const length = Math.max(...joined.keys(), 0) + 1;
  if (!names) return length;
  return Array.from({ length }, (_, label) => [...(joined.get(label) ?? [String(label)])].join(" + "));
}
