/** The logits of what one pass sees of a probe's image, outside of any oracle. */
import { openSession, type SessionOptions } from "../../runtime/index.js";
import type { Probe } from "./check.js";

/** The flat 1×K×H×W logits of each of some passes through one session. */
export async function logitsOf(
  { model, sample, engine }: Probe,
  { passes = 1, ...options }: SessionOptions & { readonly passes?: number } = {},
): Promise<Float32Array[]> {
  const { graph, image, logits } = model.prepared;
  const feeds = { [image]: model.networkInput(sample.image.data) };
  const session = await openSession(graph, { ...engine, ...options });
  try {
    const found: Float32Array[] = [];
    while (found.length < passes) found.push((await session.run(feeds))[logits]!.data as Float32Array);
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
