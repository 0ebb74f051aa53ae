/** Flags that may make sense of label values that are no class. */
import { labelMapText } from "./label-map.js";

/** Up to this many values are named one by one. */
const fewValues = 10;

/**
 * What to do about label files with these values, the likeliest remedy first, each with its condition. The only value
 * beside 0 is never one to ignore: it is the foreground.
 * @param values distinct stored values, ascending, without those that are ignored
 * @param classes how many classes there are; at least one value is none of them
 * @param more a number of classes that the value would fit; undefined if it is fixed
 */
export function labelAdvice(values: readonly number[], classes: number, more?: number): string[] {
  const outside = values.filter((value) => value >= classes);
  const highest = values.at(-1)!;
  const advice: string[] = [];
  const foreground = values.filter((value) => value > 0);
  const isMask = foreground.length === 1;
  if (isMask) advice.push(`--label-map ${foreground[0]}:1 if ${foreground[0]} marks the foreground`);
  if (!isMask && values.length === classes && classes <= fewValues && highest > classes) {
    const pairs = values.map((value, label) => [value, label] as const);
    advice.push(`--label-map ${labelMapText(pairs)} if the ${classes} values are the classes in this order`);
  }
  if (highest === classes && values.length > 1)
    advice.push("--label-map reduce-zero if 0 is no class and the first class is stored as 1");
  if (more !== undefined) advice.push(`--classes ${more} if it is a class`);
  if (!isMask && outside.length <= fewValues)
    advice.push(
      `--ignore-label ${outside.join(",")} if ${outside.length > 1 ? "they" : "it"} must not count`,
    );
  if (outside.length > fewValues)
    advice.push("--label-map FILE, which says the class of each stored value, one line a class");
  return advice;
}
