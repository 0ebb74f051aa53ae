/** Evidence: what soundness checks need to know of an attacked image, gathered while it is attacked. */
import { type AttackSettings, type KeptPoint, noisePoint } from "../../attack/index.js";
import type { RandomStream } from "../../base/index.js";
import type { Evidence } from "../../journal/index.js";
import type { ImageOracle, OracleAnswer } from "../../oracle/index.js";
import { oracleAround } from "./around.js";
import type { Perturbed } from "./channels.js";

/** Forward passes that the evidence of one record takes. */
export const evidencePasses = 2;

/** What is known of an image beside its oracle. */
interface ImageFacts {
  readonly perturbed: Perturbed;
  /** The image was stored in 8 bits, so that a perturbed one may be, too. */
  readonly bytes: boolean;
  readonly random: RandomStream;
}

/** Looks at a kept point from two sides; `gradients` is what a watch saw while it was found. */
export async function gatherEvidence(
  oracle: ImageOracle,
  { point, late }: KeptPoint,
  settings: AttackSettings,
  gradients: Pick<Evidence, "zeroGradient" | "notFinite">,
  { perturbed, bytes, random }: ImageFacts,
): Promise<Evidence> {
  const { image } = oracle;
  const { radius } = settings;
  const right = async (at: Float32Array) => (await oracle.predict(at)).correct;
  const noise = await right(await noisePoint(oracle, settings, random));
  const rounded = bytes ? await right(toBytes(image, point, radius)) : undefined;
  const edge = edgeShare(image, point, radius, perturbed);
  return {
    noise,
    ...(rounded !== undefined && { rounded }),
    edge,
    ...(late !== undefined && { late }),
    ...gradients,
  };
}

/** An oracle that looks at every gradient it hands out, and what it saw. */
export interface Watch {
  readonly oracle: ImageOracle;
  seen(): Pick<Evidence, "zeroGradient" | "notFinite">;
}

/** Watches the gradients of an image; numbers that are not finite become 0, so that the attack goes on. */
export function watchGradients(
  oracle: ImageOracle,
  { still }: Pick<Perturbed, "still"> = { still: 0 },
): Watch {
  let zeroGradient: number | undefined;
  let notFinite = 0;
  const look = (answer: OracleAnswer): OracleAnswer => {
    const { gradient, zeros, broken } = cleaned(answer.gradient);
    // The gradient is 0 where the image may not be changed.
    zeroGradient ??= (zeros - still) / (gradient.length - still);
    if (broken > 0) notFinite++;
    return { ...answer, gradient };
  };
  return {
    oracle: oracleAround(oracle, {
      evaluate: async (point, query) => look(await oracle.evaluate(point, query)),
    }),
    seen: () => (zeroGradient === undefined ? {} : { zeroGradient, notFinite }),
  };
}

/** Below this a number of a gradient is lost in single precision. */
const vanishing = 1e-30;

function cleaned(gradient: Float32Array): { gradient: Float32Array; zeros: number; broken: number } {
  let zeros = 0;
  let broken = 0;
  for (const value of gradient) {
    if (!Number.isFinite(value)) broken++;
    else if (Math.abs(value) < vanishing) zeros++;
  }
  const whole = broken > 0 ? gradient.map((value) => (Number.isFinite(value) ? value : 0)) : gradient;
  return { gradient: whole, zeros, broken };
}

/** What is nearer to the edge than this share of the radius lies on it. */
const edgeWidth = 0.01;

/** The share of values that cannot go further: at the edge of the ball, or at black or white. */
export function edgeShare(
  image: Float32Array,
  point: Float32Array,
  radius: number,
  { still, mayChange }: Perturbed = { still: 0, mayChange: () => true },
): number {
  const least = radius * (1 - edgeWidth);
  const atEdge = (value: number, i: number) =>
    mayChange(i) && (Math.abs(value - image[i]!) >= least || value === 0 || value === 1);
  return point.filter(atEdge).length / (point.length - still);
}

/** Grey levels by which single precision may miss a whole one. */
const greySlack = 1e-3;

/** The nearest point of 8-bit colours in the ball; a value for which the ball has none stays the image's. */
export function toBytes(image: Float32Array, point: Float32Array, radius: number): Float32Array {
  return point.map((value, i) => {
    const low = Math.max(Math.ceil(255 * (image[i]! - radius) - greySlack), 0);
    const high = Math.min(Math.floor(255 * (image[i]! + radius) + greySlack), 255);
    return low > high ? image[i]! : Math.min(Math.max(Math.round(255 * value), low), high) / 255;
  });
}
