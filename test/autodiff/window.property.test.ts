/** Convolutions and pools at random shapes and attributes, against finite differences. */
import fc from "fast-check";
import { describe, it } from "vitest";
import type { OperatorCase } from "../helpers/operators.js";
import { checkRule } from "../helpers/operators.js";

/** Where an image shrinks to a few pixels, float32 noise shows beside a slope that happens to be small. */
const noisy = "approximate";
const runs = { numRuns: 30, seed: 4 };

/** Geometry of one axis; the pads are as long as the engine allows. */
const axis = fc.record({
  kernel: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 3 }),
  before: fc.integer({ min: 0, max: 4 }),
  after: fc.integer({ min: 0, max: 4 }),
  extra: fc.integer({ min: 0, max: 5 }),
});
type Axis = typeof axis extends fc.Arbitrary<infer T> ? T : never;

const axes = fc.array(axis, { minLength: 1, maxLength: 2 });
const spanOf = ({ kernel, dilation }: Axis) => (kernel - 1) * dilation + 1;

function geometry(list: readonly Axis[]) {
  return {
    kernel_shape: list.map(({ kernel }) => kernel),
    strides: list.map(({ stride }) => stride),
    dilations: list.map(({ dilation }) => dilation),
    pads: [...list.map(({ before }) => before), ...list.map(({ after }) => after)],
  };
}

const channels = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  groups: fc.integer({ min: 1, max: 3 }),
  inner: fc.integer({ min: 1, max: 3 }),
  outer: fc.integer({ min: 1, max: 3 }),
});
type Channels = typeof channels extends fc.Arbitrary<infer T> ? T : never;

function check(build: (axes: Axis[], channels: Channels) => OperatorCase) {
  return fc.assert(
    fc.asyncProperty(axes, channels, (list, sizes) => checkRule(build(list, sizes))),
    runs,
  );
}

describe("windows of any geometry", () => {
  it("Conv", () =>
    check((list, { batch, groups, inner, outer }) => ({
      op: "Conv",
      inputs: [
        [
          batch,
          groups * inner,
          ...list.map((one) => Math.max(1, spanOf(one) - one.before - one.after) + one.extra),
        ],
        [groups * outer, inner, ...list.map(({ kernel }) => kernel)],
        [groups * outer],
      ],
      attributes: { ...geometry(list), group: groups },
      tolerance: noisy,
    })));

  it("ConvTranspose", () =>
    check((list, { batch, groups, inner, outer }) => {
      // Pads take away from the result, which must not vanish; output padding stays below the stride.
      const fitted = list.map((one) => ({ ...one, before: Math.min(one.before, spanOf(one) - 1), after: 0 }));
      return {
        op: "ConvTranspose",
        inputs: [
          [batch, groups * inner, ...fitted.map(({ extra }) => extra + 1)],
          [groups * inner, outer, ...fitted.map(({ kernel }) => kernel)],
          [groups * outer],
        ],
        attributes: {
          ...geometry(fitted),
          output_padding: fitted.map(({ stride, extra }) => extra % stride),
          group: groups,
        },
        tolerance: noisy,
      };
    }));

  it.each([0, 1])("AveragePool with ceil_mode %i", (ceil_mode) =>
    check((list, { batch, inner, outer }) => {
      const fitted = list.map(padsBelowKernel);
      return {
        op: "AveragePool",
        opset: 19,
        inputs: [[batch, inner, ...fitted.map((one) => spanOf(one) + one.extra)]],
        attributes: { ...geometry(fitted), ceil_mode, count_include_pad: outer % 2 },
      };
    }),
  );

  it.each([0, 1])("MaxPool with ceil_mode %i", (ceil_mode) =>
    check((list, { batch }) => {
      const fitted = list.map(padsBelowKernel);
      return {
        op: "MaxPool",
        inputs: [[batch, 1, ...fitted.map((one) => spanOf(one) + one.extra)]],
        attributes: { ...geometry(fitted), ceil_mode },
        distinct: true,
        domain: [-4, 4],
        tolerance: noisy,
      };
    }),
  );
});

/** A window that lies in padding alone has no average and no maximum. */
function padsBelowKernel(one: Axis): Axis {
  return { ...one, before: Math.min(one.before, one.kernel - 1), after: Math.min(one.after, one.kernel - 1) };
}
