/** Questions about sliding windows that choosing a form asks. */
import type { Convolution, Windows } from "../../../autodiff/index.js";
import { sizeOf } from "../../../base/index.js";

/** Each channel has a kernel of its own. */
export function isDepthwise({ inner, outer }: Convolution): boolean {
  return inner === 1 && outer === 1;
}

/** The `pads` attribute: all the fronts, then all the ends. */
export function edges(
  windows: readonly Windows[],
  pads: (window: Windows) => readonly [number, number],
): number[] {
  const pairs = windows.map(pads);
  return [...pairs.map(([before]) => before), ...pairs.map(([, after]) => after)];
}

/** Places of a kernel. */
export function tapsOf(windows: readonly Windows[]): number {
  return sizeOf(windows.map(({ kernel }) => kernel));
}

/** Each output reads the one input of the same index. */
export function isWhole({ kernel, stride, before, input, output }: Windows): boolean {
  return kernel === 1 && stride === 1 && before === 0 && input === output;
}

/** The windows, at stride 1, through which the input's gradient sees the output's. */
export function reversed({ input, output, kernel, dilation, before, after, ...rest }: Windows): Windows {
  const span = (kernel - 1) * dilation;
  const edge = { before: span - before, after: span - after };
  return { ...rest, ...edge, input: output, output: input, kernel, dilation };
}
