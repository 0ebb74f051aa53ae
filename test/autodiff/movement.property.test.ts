/** Moving elements: random shapes and attributes of the operators that have many. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { int64, SeawallError, sizeOf } from "../../src/base/index.js";
import { checkRule, ints, type OperatorCase, prepare } from "../helpers/operators.js";

const shape = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
const axisOf = (lengths: readonly number[]) => fc.integer({ min: -lengths.length, max: lengths.length - 1 });
const each = <T>(lengths: readonly number[], arbitrary: (length: number) => fc.Arbitrary<T>) =>
  fc.tuple(...lengths.map(arbitrary));

const sliced = shape.chain((lengths) =>
  each(lengths, (length) =>
    fc.record({
      start: fc.integer({ min: -length - 1, max: length + 1 }),
      end: fc.integer({ min: -length - 1, max: length + 1 }),
      step: fc.constantFrom(1, 1, 2, 3, -1, -2),
    }),
  ).map((parts): OperatorCase => {
    const list = (of: (part: (typeof parts)[number]) => number) => ints(parts.map(of));
    const axes = ints(lengths.map((_, axis) => (axis % 2 ? axis : axis - lengths.length)));
    const inputs = [
      lengths,
      list((part) => part.start),
      list((part) => part.end),
      axes,
      list((part) => part.step),
    ];
    return { op: "Slice", inputs };
  }),
);

const padded = fc
  .tuple(shape, fc.constantFrom("constant", "reflect", "edge", "wrap"))
  .chain(([lengths, mode]) =>
    each(lengths, (length) => {
      const side = fc.integer({ min: -length, max: length + 2 });
      // What is cut first must leave enough to repeat.
      return fc.tuple(side, side).filter(([before, after]) => {
        const kept = length + Math.min(0, before) + Math.min(0, after);
        const longest = mode === "reflect" ? kept - 1 : mode === "wrap" ? kept : 3 * length;
        return kept > 0 && Math.max(before, after) <= longest;
      });
    }).map((pads): OperatorCase => {
      const amounts = ints([...pads.map(([before]) => before), ...pads.map(([, after]) => after)]);
      return { op: "Pad", inputs: [lengths, amounts, mode === "constant" ? [] : null], attributes: { mode } };
    }),
  );

const gathered = shape.chain((lengths) =>
  fc
    .record({
      axis: axisOf(lengths),
      at: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      fed: fc.boolean(),
    })
    .chain(({ axis, at, fed }) => {
      const length = lengths.at(axis)!;
      const index = fc.integer({ min: -length, max: length - 1 });
      return fc
        .array(index, { minLength: sizeOf(at), maxLength: sizeOf(at) })
        .map((indices): OperatorCase => {
          const inputs = [lengths, int64(at, indices)];
          return { op: "Gather", inputs, attributes: { axis }, ...(fed && { fed: [1] }) };
        });
    }),
);

const gatheredRows = shape.chain((lengths) =>
  fc
    .record({
      batched: fc.nat(Math.min(1, lengths.length - 1)),
      rows: fc.integer({ min: 1, max: 3 }),
      fed: fc.boolean(),
      depth: fc.integer({ min: 1, max: 3 }),
      draws: fc.array(fc.nat(1000), { minLength: 60, maxLength: 60 }),
    })
    .map(({ batched, rows, fed, depth, draws }): OperatorCase => {
      const indexed = lengths.slice(batched, batched + depth);
      const at = [...lengths.slice(0, batched), rows, indexed.length];
      const indices = Array.from({ length: sizeOf(at) }, (_, i) => {
        const length = indexed[i % indexed.length]!;
        return (draws[i % draws.length]! % (2 * length)) - length;
      });
      const inputs = [lengths, int64(at, indices)];
      return { op: "GatherND", inputs, attributes: { batch_dims: batched }, ...(fed && { fed: [1] }) };
    }),
);

const tiled = shape.chain((lengths) =>
  each(lengths, () => fc.integer({ min: 1, max: 3 })).map(
    (repeats): OperatorCase => ({ op: "Tile", inputs: [lengths, ints(repeats)] }),
  ),
);

const transposed = shape.chain((lengths) =>
  fc
    .shuffledSubarray(
      lengths.map((_, axis) => axis),
      { minLength: lengths.length },
    )
    .map((perm): OperatorCase => ({ op: "Transpose", inputs: [lengths], attributes: { perm } })),
);

const joined = shape.chain((lengths) =>
  fc
    .record({
      axis: axisOf(lengths),
      parts: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
    })
    .map(({ axis, parts }): OperatorCase => {
      const inputs = parts.map((part) => lengths.with(axis, part));
      return { op: "Concat", inputs, attributes: { axis } };
    }),
);

const cut = joined.map(({ inputs, attributes }): OperatorCase => {
  const axis = attributes!.axis as number;
  const parts = inputs.map((input) => (input as readonly number[]).at(axis)!);
  const whole = (inputs[0] as readonly number[]).with(
    axis,
    parts.reduce((sum, part) => sum + part, 0),
  );
  return { op: "Split", inputs: [whole, ints(parts)], attributes: { axis }, outputs: parts.length };
});

describe("movement", () => {
  it.each(Object.entries({ sliced, padded, gathered, gatheredRows, tiled, transposed, joined, cut }))(
    "%s tensors have the gradient of what the engine does",
    async (_, cases) => {
      await fc.assert(
        fc.asyncProperty(cases, fc.nat(), async (test, seed) => checkRule(test, seed)),
        { numRuns: 30 },
      );
    },
  );

  // ScatterND(add) runs rows in parallel without a lock; on a small tensor the loss would not show.
  it("adds up repeated indices without ScatterND", async () => {
    const repeated = int64([2, 1], [1, 1]);
    for (const op of ["Gather", "GatherElements", "GatherND"]) {
      for (const fed of [[], [1]]) {
        const { gradient } = await prepare({ op, inputs: [[3, 2], repeated], fed });
        expect(gradient.nodes.map((node) => node.op)).not.toContain("ScatterND");
      }
    }
  });

  it.each<[OperatorCase, RegExp]>([
    [{ op: "Slice", inputs: [[4], ints([1]), ints([3])], fed: [1] }, /Slice "Slice": .*constant `starts`/],
    [
      { op: "Pad", inputs: [[4], ints([1, 1])], fed: [1] },
      /Pad "Pad": the size of its output depends on the pixels/,
    ],
    [
      { op: "Pad", inputs: [[2, 3], ints([0, 4, 0, 0])], attributes: { mode: "wrap" }, opset: 19 },
      /Pad "Pad": mode "wrap" pads axis 1 by more than its 3 elements/,
    ],
    [
      { op: "ScatterElements", inputs: [[4], ints([1]), [1]], attributes: { reduction: "max" } },
      /ScatterElements "ScatterElements": attribute reduction is "max"/,
    ],
    [
      { op: "Compress", inputs: [[2], { type: "bool", dims: [2], data: Uint8Array.of(1, 0) }], fed: [1] },
      /Compress "Compress": .*`condition`/,
    ],
  ])("%o is refused", async (test, message) => {
    const refusal = prepare(test);
    await expect(refusal).rejects.toThrow(SeawallError);
    await expect(refusal).rejects.toThrow(message);
  });
});
