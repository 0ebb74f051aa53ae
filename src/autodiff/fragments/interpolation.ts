/**
 * Interpolation weights of `Resize`, in the engine's own arithmetic: coordinates are computed in float32 and in
 * the order in which ONNX Runtime computes them, since rounding decides which pixel is nearest.
 */
import type { AxisMap, Tap } from "./taps.js";

export type CoordinateMode =
  | "half_pixel"
  | "half_pixel_symmetric"
  | "pytorch_half_pixel"
  | "align_corners"
  | "asymmetric"
  | "tf_half_pixel_for_nn"
  | "tf_crop_and_resize";

export type NearestMode = "round_prefer_floor" | "round_prefer_ceil" | "floor" | "ceil";

/** The attributes of `Resize` that hold for every axis. */
export interface Interpolation {
  readonly mode: "nearest" | "linear" | "cubic";
  readonly coordinates: CoordinateMode;
  readonly nearest: NearestMode;
  /** Coefficient `a` of the cubic kernel. */
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
}

/** One axis: its lengths, the scale (float32, given or output/input) and the region of interest. */
export interface ResizedAxis {
  readonly inputs: number;
  readonly outputs: number;
  readonly scale: number;
  /** In fractions of the axis; read by `tf_crop_and_resize`. */
  readonly roi: readonly [start: number, end: number];
}

const f = Math.fround;

/** The map that resizes lines along one axis; outputs that are extrapolated have no taps. */
export function interpolationMap(how: Interpolation, axis: ResizedAxis): AxisMap {
  const kernel = kernelOf(how, axis);
  const taps = Array.from({ length: axis.outputs }, (_, output) => {
    const x = axis.scale === 1 ? output : coordinate(how.coordinates, output, axis);
    return isExtrapolated(how, x, axis.inputs - 1) ? [] : kernel(x, output);
  });
  return { inputs: axis.inputs, taps };
}

function isExtrapolated({ coordinates, antialias }: Interpolation, original: number, last: number): boolean {
  // Wide kernels are centred half a pixel further; the engine compares after rounding there and back.
  const x = antialias ? f(f(original + 0.5) - 0.5) : original;
  return coordinates === "tf_crop_and_resize" && (x < 0 || x > last);
}

/** The input coordinate of output `x`. */
function coordinate(mode: CoordinateMode, x: number, { inputs, outputs, scale, roi }: ResizedAxis): number {
  switch (mode) {
    case "asymmetric":
      return f(x / scale);
    case "tf_half_pixel_for_nn":
      return f(f(x + 0.5) / scale);
    case "pytorch_half_pixel":
      return outputs > 1 ? f(f(f(x + 0.5) / scale) - 0.5) : 0;
    case "align_corners":
      return outputs === 1 ? 0 : f(f(x * (inputs - 1)) / (outputs - 1));
    case "tf_crop_and_resize":
      return cropped(x, inputs - 1, outputs - 1, roi);
    case "half_pixel_symmetric": {
      const adjustment = f(outputs / f(scale * inputs));
      const offset = f(f(inputs / 2) * f(1 - adjustment));
      // The engine adds these in double precision.
      return f(offset + (x + 0.5) / scale - 0.5);
    }
    default:
      return f(f(f(x + 0.5) / scale) - 0.5);
  }
}

function cropped(x: number, last: number, lastOutput: number, [start, end]: ResizedAxis["roi"]): number {
  if (lastOutput < 1) return f(0.5 * f(start + end) * last);
  return f(f(start * last) + f(f(f(x * f(end - start)) * last) / lastOutput));
}

/** The engine takes coordinates this near to the middle between two pixels for ties. */
const tie = f(1e-6);

function nearest(mode: NearestMode, x: number): number {
  const floor = Math.floor(x);
  if (mode === "floor") return floor;
  if (mode === "ceil") return Math.ceil(x);
  const isTie = Math.abs(f(f(x - floor) - 0.5)) <= tie;
  if (isTie) return mode === "round_prefer_ceil" ? floor + 1 : floor;
  return Math.round(x);
}

/** The taps of an output, by its coordinate in the input. */
type Kernel = (x: number, output: number) => readonly Tap[];

function kernelOf(how: Interpolation, axis: ResizedAxis): Kernel {
  const last = axis.inputs - 1;
  if (how.mode === "nearest") {
    return (x) => [{ from: Math.max(0, Math.min(nearest(how.nearest, x), last)), weight: 1 }];
  }
  if (how.antialias) {
    // The engine copies lines that keep their length, whatever the scale.
    return axis.inputs === axis.outputs ? (_, from) => [{ from, weight: 1 }] : filtered(how, axis);
  }
  return how.mode === "linear" ? linear(last) : cubic(how, last);
}

function linear(last: number): Kernel {
  return (original) => {
    const x = Math.max(0, Math.min(original, last));
    const left = Math.min(Math.trunc(x), last);
    const right = Math.min(left + 1, last);
    if (left === right) return [{ from: left, weight: 1 }];
    return nonzero([
      { from: left, weight: f(right - x) },
      { from: right, weight: f(x - left) },
    ]);
  };
}

function cubic({ cubic: a, excludeOutside }: Interpolation, last: number): Kernel {
  return (x) => {
    const floor = Math.floor(x);
    const weights = cubicWeights(f(x - floor), f(a));
    const taps = weights.map((weight, i) => ({ from: floor - 1 + i, weight }));
    return excludeOutside
      ? normalized(taps.filter(({ from }) => from >= 0 && from <= last))
      : clamped(taps, last);
  };
}

/** Keys' cubic convolution at distances s + 1, s, 1 − s and 2 − s. */
function cubicWeights(s: number, a: number): number[] {
  const far = (d: number) => f(f(f(f(f(f(a * d) - f(5 * a)) * d) + f(8 * a)) * d) - f(4 * a));
  const near = (d: number) => f(f(f(f(f(f(a + 2) * d) - f(a + 3)) * d) * d) + 1);
  return [far(f(s + 1)), near(s), near(f(1 - s)), far(f(2 - s))];
}

/** Kernels widened by the scale when shrinking, as image libraries do. */
function filtered({ mode, cubic: a, excludeOutside }: Interpolation, axis: ResizedAxis): Kernel {
  const shrink = Math.max(1, f(1 / axis.scale));
  const support = f((mode === "linear" ? 1 : 2) * shrink);
  const window = 2 * Math.ceil(support) + 1;
  const kernel = mode === "linear" ? triangle : keys(f(a));
  const last = axis.inputs - 1;
  return (x) => {
    const center = f(0.5 + x);
    const low = Math.floor(f(f(center - support) + 0.5));
    const high = Math.min(Math.floor(f(f(center + support) + 0.5)), low + window);
    if (high <= 0 || low > last) return [];
    const taps = Array.from({ length: high - low }, (_, i) => ({
      from: low + i,
      weight: kernel(f(f(f(low + i - center) + 0.5) * f(1 / shrink))),
    }));
    return excludeOutside
      ? normalized(taps.filter(({ from }) => from >= 0 && from <= last))
      : clamped(normalized(taps), last);
  };
}

function triangle(x: number): number {
  return Math.max(0, f(1 - Math.abs(x)));
}

function keys(a: number): (x: number) => number {
  return (signed) => {
    const x = Math.abs(signed);
    if (x < 1) return f(f(f(f(f(f(a + 2) * x) - f(a + 3)) * x) * x) + 1);
    return x < 2 ? f(f(f(f(f(f(x - 5) * x) + 8) * x) - 4) * a) : 0;
  };
}

/** Positions outside read the edge. */
function clamped(taps: readonly Tap[], last: number): Tap[] {
  const sums = new Map<number, number>();
  for (const { from, weight } of taps) {
    const inside = Math.max(0, Math.min(from, last));
    sums.set(inside, f((sums.get(inside) ?? 0) + weight));
  }
  return nonzero([...sums].map(([from, weight]) => ({ from, weight })));
}

/** Weights scaled to the sum 1. */
function normalized(taps: readonly Tap[]): Tap[] {
  const total = taps.reduce((sum, { weight }) => f(sum + weight), 0);
  return nonzero(
    taps.map(({ from, weight }) => ({ from, weight: total === 0 ? weight : f(weight / total) })),
  );
}

function nonzero(taps: readonly Tap[]): Tap[] {
  return taps.filter(({ weight }) => weight !== 0);
}
