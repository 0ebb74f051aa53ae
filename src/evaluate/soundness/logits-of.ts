/** The logits of what one pass sees of a probe's image, outside of any oracle; found once for all checks. */
import { openSession, type SessionOptions } from "../../runtime/index.js";
import type { Probe, ProbeLogits } from "./check.js";

export function probeLogits(probe: Probe): ProbeLogits {
  const twice = once(() => logitsOf(probe, {}, 2));
  const unoptimized = once(() => logitsOf(probe, { optimization: "none" }, 1));
  return {
    async twice() {
      const [first, second] = await twice();
      return [first!, second!];
    },
    unoptimized: async () => (await unoptimized())[0]!,
  };
}

function once<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  return () => {
    found ??= find();
    return found;
  };
}

async function logitsOf(
  { model, sample, engine }: Probe,
  options: SessionOptions,
  passes: number,
): Promise<Float32Array[]> {
  const { graph, image, logits } = model.prepared;
  const feeds = { [image]: model.networkInput(sample.image.data) };
  const session = await openSession(graph, { ...engine, ...options });
  try {
    const found: Float32Array[] = [];
    while (found.length < passes)
      found.push((await session.run(feeds, [logits]))[logits]!.data as Float32Array);
    return found;
  } finally {
    await session.dispose();
  }
}

/** The largest difference, as a share of the largest number of `b`; NaN where either holds one. */
export function relativeError(a: Float32Array, b: Float32Array): number {
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return largest > 0 ? difference / largest : difference;
}

/** The share of pixels whose class is another one. */
export function changedClasses({ model }: Probe, a: Float32Array, b: Float32Array): number {
  const { classes } = model.prepared;
  const pixels = a.length / classes;
  const [before, after] = [classMap(a, classes), classMap(b, classes)];
  return before.filter((k, i) => k !== after[i]).length / pixels;
}

/** The class of the largest of the flat K×P logits, for each pixel. */
function classMap(logits: Float32Array, classes: number): Int32Array {
  const pixels = logits.length / classes;
  return Int32Array.from({ length: pixels }, (_, i) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (logits[k * pixels + i]! > logits[best * pixels + i]!) best = k;
    return best;
  });
}
