/** Resize: its interpolation equals the engine's in every mode, and its gradient is that of the engine. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CoordinateMode, NearestMode } from "../../src/autodiff/fragments/interpolation.js";
import { interpolationMap } from "../../src/autodiff/fragments/interpolation.js";
import { resizeMaps } from "../../src/autodiff/rules/resize.js";
import { float32, numbersOf, SeawallError, sizeOf } from "../../src/base/index.js";
import { emptyGraph, float, GraphBuilder } from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";
import { applyTaps, largestDifference } from "../helpers/maps.js";
import { checkRule, ints, type OperatorCase, prepare } from "../helpers/operators.js";

const coordinates: readonly CoordinateMode[] = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
  "tf_half_pixel_for_nn",
  "tf_crop_and_resize",
];
const roundings: readonly NearestMode[] = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];

/** Ranks and resized axes that ONNX Runtime accepts, by mode. */
const layouts: Record<string, readonly { rank: number; axes: readonly number[] }[]> = {
  nearest: [
    { rank: 1, axes: [0] },
    { rank: 3, axes: [0, 2] },
    { rank: 4, axes: [1, 2] },
    { rank: 4, axes: [2, 3] },
    { rank: 5, axes: [2, 3, 4] },
  ],
  linear: [
    { rank: 2, axes: [0, 1] },
    { rank: 3, axes: [0, 1, 2] },
    { rank: 4, axes: [3] },
    { rank: 4, axes: [1, 2] },
    { rank: 4, axes: [2, 3] },
    { rank: 5, axes: [2, 3, 4] },
  ],
  cubic: [
    { rank: 2, axes: [0, 1] },
    { rank: 4, axes: [1, 2] },
    { rank: 4, axes: [2] },
    { rank: 4, axes: [2, 3] },
  ],
};

const isChannelsLast = (axes: readonly number[]) => axes.length === 2 && axes[0] === 1 && axes[1] === 2;
/** Starts, then ends. Wide kernels must reach a pixel: ONNX Runtime fails where one lies wholly outside. */
const region = fc.tuple(...[-1, -1, -1, 5, 5, 5].map((least) => fc.integer({ min: least, max: least + 6 })));

const interpolation = fc.constantFrom("nearest", "linear", "cubic").chain((mode) =>
  fc.record({
    mode: fc.constant(mode),
    layout: fc.constantFrom(...layouts[mode]!),
    coordinate_transformation_mode: fc.constantFrom(...coordinates),
    nearest_mode: fc.constantFrom(...roundings),
    cubic_coeff_a: fc.constantFrom(-0.75, -0.5, -0.6),
    exclude_outside: fc.nat(1),
    antialias: fc.nat(mode === "nearest" ? 0 : 1),
  }),
);

const amount = fc.record({
  from: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 }),
  to: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 3, maxLength: 3 }),
  scaled: fc.boolean(),
  excess: fc.constantFrom(0, 0.2, 0.6),
  named: fc.boolean(),
  keep_aspect_ratio_policy: fc.constantFrom("stretch", "not_larger", "not_smaller"),
  roi: region.map((tenths) => tenths.map((tenth) => tenth / 10)),
});

/** A node that ONNX Runtime runs, and runs rightly. */
const resizes = fc
  .tuple(interpolation, amount)
  .filter(([how, { from, to }]) => {
    // These coordinates can lie so far out that no pixel is left to weight: the engine fails or divides 0 by 0.
    const farOut = how.coordinate_transformation_mode === "tf_half_pixel_for_nn";
    if (farOut && (how.exclude_outside || how.antialias)) return false;
    if (!isChannelsLast(how.layout.axes) || how.mode === "nearest") return true;
    const crops = how.coordinate_transformation_mode === "tf_crop_and_resize";
    if (how.mode === "linear") return !(crops && how.antialias);
    return !crops && (how.antialias === 1 || from.every((length, i) => to[i]! >= length));
  })
  .map(([how, much]) => resizeCase(how, much));

type Generated<A> = A extends fc.Arbitrary<infer T> ? T : never;

function resizeCase(
  how: Generated<typeof interpolation>,
  { from, to, scaled, excess, named, keep_aspect_ratio_policy, roi }: Generated<typeof amount>,
): OperatorCase {
  const { rank, axes } = how.layout;
  const along = <T>(values: readonly T[], other: T) =>
    Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? values[axes.indexOf(axis)]! : other));
  const spoken = <T>(values: readonly T[], other: T) =>
    named ? axes.map((_, i) => values[i]!) : along(values, other);
  const { mode, antialias } = how;
  const scales = axes.map((_, i) => (to[i]! + excess) / from[i]!);
  const starts = [...spoken(roi.slice(0, 3), 0), ...spoken(roi.slice(3), 1)];
  const crops = how.coordinate_transformation_mode === "tf_crop_and_resize";
  return {
    op: "Resize",
    inputs: [
      along(from, 2),
      crops ? float32([starts.length], starts) : null,
      scaled ? float32([spoken(scales, 1).length], spoken(scales, 1)) : null,
      scaled ? null : ints(spoken(to, 2)),
    ],
    attributes: {
      mode,
      antialias,
      coordinate_transformation_mode: how.coordinate_transformation_mode,
      exclude_outside: mode === "cubic" || antialias ? how.exclude_outside : 0,
      ...(mode === "nearest" && { nearest_mode: how.nearest_mode }),
      ...(mode === "cubic" && { cubic_coeff_a: float(how.cubic_coeff_a) }),
      ...(named && { axes }),
      ...(named && !scaled && { keep_aspect_ratio_policy }),
    },
  };
}

describe("resize", () => {
  it("interpolates as the engine does", async () => {
    await fc.assert(
      fc.asyncProperty(resizes, async (test) => {
        const { graph, types, feeds } = await prepare(test);
        const node = graph.nodes[0]!;
        const { inputs, outputs } = node;
        const maps = resizeMaps({
          node,
          inputs,
          outputs,
          shape: (value) => types.get(value)!.shape,
          type: (value) => types.get(value)!.type,
          constant: (value) => graph.initializers.get(value ?? ""),
          needs: () => true,
        });
        const session = await openSession(graph, { threads: 1 });
        const result = (await session.run(feeds))[outputs[0]!]!;
        await session.dispose();

        const shape = [...feeds.x0!.dims];
        let expected: Float64Array = Float64Array.from(numbersOf(feeds.x0!));
        for (const [axis, map] of maps.entries()) {
          expected = applyTaps(expected, shape, axis, map);
          shape[axis] = map.taps.length;
        }
        expect(result.dims).toEqual(shape);
        expect(largestDifference(numbersOf(result), expected)).toBeLessThan(
          test.attributes!.mode === "nearest" ? 1e-9 : 1e-5,
        );
      }),
      { numRuns: 150 },
    );
  });

  it("has the gradient of what the engine does", async () => {
    await fc.assert(
      fc.asyncProperty(
        resizes.filter(({ inputs }) => sizeOf(inputs[0] as readonly number[]) > 0),
        fc.nat(),
        async (test, seed) => checkRule(test, seed),
      ),
      { numRuns: 30 },
    );
  });

  // Lengths at which many coordinates lie a rounding away from the middle between two pixels.
  it.each([13, 20, 57])("finds the same nearest pixels among %i", async (length) => {
    const graph = emptyGraph("nearest", 18);
    const build = new GraphBuilder(graph);
    const line = build.input("line", "float32", [1, length]);
    const tests = [];
    for (const coordinate of coordinates.filter((mode) => mode !== "tf_crop_and_resize")) {
      for (const nearest of roundings) {
        for (let outputs = 1; outputs <= 65; outputs += 1) {
          const attributes = {
            mode: "nearest",
            coordinate_transformation_mode: coordinate,
            nearest_mode: nearest,
          };
          // The second row keeps the engine from copying lines of equal length.
          const y = build.op("Resize", [line, "", "", build.ints([2, outputs])], attributes);
          tests.push({ coordinate, nearest, outputs, y: build.output(y) });
        }
      }
    }
    const session = await openSession(graph, { threads: 1 });
    const results = await session.run({
      line: float32(
        [1, length],
        Array.from({ length }, (_, i) => i),
      ),
    });
    await session.dispose();
    for (const { coordinate, nearest, outputs, y } of tests) {
      const { taps } = interpolationMap(
        {
          mode: "nearest",
          coordinates: coordinate,
          nearest,
          cubic: 0,
          excludeOutside: false,
          antialias: false,
        },
        { inputs: length, outputs, scale: Math.fround(outputs / length), roi: [0, 1] },
      );
      const picked = taps.map((terms) => terms[0]!.from);
      expect(numbersOf(results[y]!).slice(0, outputs), `${coordinate} ${nearest} to ${outputs}`).toEqual(
        picked,
      );
    }
  });

  it("refuses what the engine extrapolates wrongly, and scales that the image decides", async () => {
    const crop = {
      mode: "linear",
      antialias: 1,
      coordinate_transformation_mode: "tf_crop_and_resize",
    };
    const roi = float32([8], [0, 0, 0, 0, 1, 1, 1, 1]);
    const channelsLast = {
      op: "Resize",
      inputs: [[1, 4, 4, 2], roi, null, ints([1, 6, 6, 2])],
      attributes: crop,
    };
    await expect(prepare(channelsLast)).rejects.toThrow(/Resize "Resize": .*tf_crop_and_resize/);
    const computed = { op: "Resize", inputs: [[2, 3], null, float32([2], [1.5, 2])], fed: [2] };
    await expect(prepare(computed)).rejects.toThrow(SeawallError);
    await expect(prepare(computed)).rejects.toThrow(/size of its output depends on the pixels/);
  });

  it.each([
    [{ mode: "bicubic" }, /GridSample "GridSample": attribute mode is "bicubic"/],
    [{ padding_mode: "reflection" }, /GridSample "GridSample": attribute padding_mode is "reflection"/],
  ])("refuses to sample with %o", async (attributes, message) => {
    const inputs = [
      [1, 2, 3, 3],
      [1, 2, 2, 2],
    ];
    await expect(prepare({ op: "GridSample", inputs, attributes })).rejects.toThrow(message);
  });
});
