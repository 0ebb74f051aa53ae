/** Are the outputs logits: numbers, finite, and not probabilities already? */
import { formatCount, formatShare, plural } from "../../base/index.js";
import type { CheckOutcome, CheckTexts, ModelCheck } from "./check.js";

/** Rounding, and resizing of a map, leave a sum this near to 1. */
const nearOne = 1e-3;

/** What may be wrong with outputs, each in its own words. */
const problems = {
  notNumbers: {
    raisedIf: "a logit is not a number (NaN)",
    means:
      "the model divides by zero, or takes a root or logarithm of a negative number: its predictions are accidents",
    remedy:
      "check that the pixels are what the model expects (--input-range, --mean, --std); else correct the model",
  },
  infinite: {
    raisedIf: "a logit is infinite (a warning if all of these are −∞)",
    means: "the model overflows, or masks classes with −∞: losses and gradients may not be finite there",
    remedy:
      "check --input-range, --mean and --std; export an overflowing model in float32, and mask classes with a large negative number",
  },
  probabilities: {
    raisedIf: "at every pixel the outputs lie in [0, 1] and sum to 1 over the classes",
    means:
      "the outputs are probabilities, not logits: a softmax of probabilities has almost no gradient where the model is confident, and attacks stall",
    remedy: "export the model without its Softmax, or choose the output before it with --output",
  },
} as const satisfies Record<string, CheckTexts>;

/** What the problems mean, or what to do, each after its name. */
function together(text: "means" | "remedy"): string {
  const { notNumbers, infinite, probabilities } = problems;
  return `NaN: ${notNumbers[text]}. Infinite: ${infinite[text]}. Probabilities: ${probabilities[text]}`;
}

export const logits: ModelCheck = {
  raisedIf: Object.values(problems)
    .map(({ raisedIf }) => raisedIf)
    .join("; or "),
  means: together("means"),
  remedy: together("remedy"),
  async run({ model }, found) {
    const [values] = await found.twice();
    return outcomeOf(values, model.prepared.classes);
  },
};

/** The outcome for the flat K×P logits of an image. */
export function outcomeOf(values: Float32Array, classes: number): CheckOutcome {
  const broken = where(values, classes, Number.isNaN);
  if (broken) return raised("notNumbers", "fail", `${broken} are not numbers (NaN)`);
  const infinite = where(values, classes, (value) => Math.abs(value) === Number.POSITIVE_INFINITY);
  if (infinite) {
    const isMask = !values.includes(Number.POSITIVE_INFINITY);
    return raised("infinite", isMask ? "warn" : "fail", `${infinite} are ${isMask ? "−∞" : "infinite"}`);
  }
  const share = probabilityShare(values, classes);
  const found = "the outputs lie in [0, 1] and sum to 1";
  if (share < 1) return { status: "pass", detail: `${found} at ${formatShare(share)} of the pixels` };
  return raised("probabilities", "fail", `${found} at all of ${plural(values.length / classes, "pixel")}`);
}

function raised(
  problem: keyof typeof problems,
  status: CheckOutcome["status"],
  detail: string,
): CheckOutcome {
  const { means, remedy } = problems[problem];
  return { status, detail, means, remedy };
}

/** How many logits, and at how many pixels, are of a kind; undefined if none is. */
function where(
  values: Float32Array,
  classes: number,
  isOfKind: (value: number) => boolean,
): string | undefined {
  const pixels = values.length / classes;
  const found = new Set<number>();
  let count = 0;
  for (let at = 0; at < values.length; at++) {
    if (!isOfKind(values[at]!)) continue;
    found.add(at % pixels);
    count++;
  }
  if (count === 0) return undefined;
  return `${formatCount(count)} of ${plural(values.length, "logit")}, at ${formatCount(found.size)} of ${plural(pixels, "pixel")},`;
}

/** The share of pixels whose K values lie in [0, 1] and sum to 1. */
function probabilityShare(values: Float32Array, classes: number): number {
  const pixels = values.length / classes;
  let found = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    let sum = 0;
    let inside = true;
    for (let at = pixel; at < values.length; at += pixels) {
      sum += values[at]!;
      inside &&= values[at]! >= 0 && values[at]! <= 1;
    }
    if (inside && Math.abs(sum - 1) <= nearOne) found++;
  }
  return found / pixels;
}
