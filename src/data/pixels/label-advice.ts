/** Flags that may make sense of label values that are no class. */
import { labelMapText } from "./label-map.js";

/** Up to this many values are named one by one. */
const fewValues = 10;

/** What is known besides the values. */
export interface AdviceFacts {
  /** A number of classes that the values would fit; undefined if the number is fixed. */
  readonly more?: number | undefined;
  /** What must be added to labels to fit the model's prediction best: −1, 0 or 1; undefined if that is not known. */
  readonly shift?: number | undefined;
}

/**
 * What to do about label files with these values, the likeliest remedy first, each with its condition. Of two classes,
 * the only value beside 0 is never one to ignore: it is the foreground.
 * @param values distinct stored values, ascending, without those that are ignored
 * @param classes how many classes there are; at least one value is none of them
 */
export function labelAdvice(
  values: readonly number[],
  classes: number,
  { more, shift }: AdviceFacts = {},
): string[] {
  const outside = values.filter((value) => value >= classes);
  const foreground = values.filter((value) => value > 0);
  if (foreground.length === 1) {
    const [only] = foreground;
    const mapped = `--label-map ${only}:1 if ${only} marks the foreground`;
    return classes <= 2 ? [mapped] : [`--ignore-label ${only} if it must not count`, mapped];
  }
  const isOneMore = outside[0] === classes && (outside.length === 1 || values[0]! > 0);
  const others = outside.slice(1).join(",");
  const isSpread = values.length === classes && classes <= fewValues && values.at(-1)! > classes;
  const pairs = values.map((value, label) => [value, label] as const);
  const shown = outside.join(",");
  const they = outside.length > 1 ? "they" : "it";
  const advice = [
    isSpread && `--label-map ${labelMapText(pairs)} if the ${classes} values are the classes in this order`,
    isOneMore &&
      shift !== 0 &&
      `--label-map reduce-zero${others && ` --ignore-label ${others}`} if 0 is no class and the first class is stored as 1`,
    more !== undefined &&
      `--classes ${more} if ${they} are classes`.replace("it are classes", "it is a class"),
    outside.length <= fewValues && shift !== -1 && `--ignore-label ${shown} if ${they} must not count`,
    outside.length > fewValues &&
      "--label-map FILE, which says the class of each stored value, one line a class",
  ];
  return advice.filter((one) => typeof one === "string");
}
