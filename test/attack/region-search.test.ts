/** Region search on class maps that are known in closed form, and beside `square` at equal queries. */
import { describe, expect, it } from "vitest";
import { type Attack, regionSearch, square, transferSearch } from "../../src/attack/index.js";
import { randomStream } from "../../src/base/index.js";
import { ClosedForm, linear } from "./closed-form.js";

const [height, width] = [64, 96];
const plane = height * width;
const radius = 0.1;
const grey = new Float32Array(3 * plane).fill(0.5);

/** A pixel is right while the sum of w·δ over its channels and those of both pixels beside it is below a threshold. */
class LocalSums extends ClosedForm {
  override readonly labels = new Int32Array(plane);
  readonly #weights: Float32Array;
  readonly #threshold: number;

  constructor(weights: Float32Array, threshold: number) {
    super(grey, linear(weights), 0, height);
    this.#weights = weights;
    this.#threshold = threshold;
  }

  override async predict(point: Float32Array) {
    this.cost.forward++;
    this.points.push(point);
    const pushes = new Float32Array(plane + 2);
    for (let i = 0; i < point.length; i++) pushes[1 + (i % plane)]! += this.#weights[i]! * (point[i]! - 0.5);
    const classes = Array.from(this.labels, (_, at) =>
      pushes[at]! + pushes[at + 1]! + pushes[at + 2]! < this.#threshold ? 0 : 1,
    );
    const correct = classes.filter((found) => found === 0).length;
    return { classes, correct, undecided: 0, score: correct };
  }
}

/** Signs that are constant on squares of a side. */
function blocks(side: number, key: string): Float32Array {
  const random = randomStream("blocks", key);
  const across = Math.ceil(width / side);
  const signs = random.uniform(3 * Math.ceil(height / side) * across, -1, 1).map(Math.sign);
  return grey.map((_, i) => {
    const [channel, y, x] = [Math.floor(i / plane), Math.floor((i % plane) / width), i % width];
    return signs[
      (channel * Math.ceil(height / side) + Math.floor(y / side)) * across + Math.floor(x / side)
    ]!;
  });
}

async function leftBy(attack: Attack, oracle: LocalSums, steps: number, seed: number): Promise<number> {
  const settings = { radius, steps, norm: "linf", accounting: "strict" } as const;
  const { point } = await attack.run(oracle, settings, randomStream("left", seed));
  return (await oracle.predict(point)).correct;
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("region search", () => {
  it("finds the corner at which no pixel is right", async () => {
    // One sign for the whole image: of the nine values that judge a pixel, one at most may lie at the other end.
    const oracle = new LocalSums(new Float32Array(3 * plane).fill(1), 0.55);
    expect(await leftBy(regionSearch, oracle, 60, 0)).toBe(0);
  });

  it("leaves fewer right pixels than square at equal queries, as a mean over seeds", async () => {
    const queries = 200;
    const seeds = [0, 1, 2];
    const run = async (attack: Attack, steps: number) =>
      meanOf(
        await Promise.all(
          seeds.map((seed) => leftBy(attack, new LocalSums(blocks(20, `${seed}`), 0.3), steps, seed)),
        ),
      );
    const [regions, whole] = [await run(regionSearch, queries / 10), await run(square, queries)];
    expect(regions).toBeLessThan(0.9 * whole);
  });

  it("keeps what it found, at the step that it names, in the queries that were planned", async () => {
    const oracle = new LocalSums(blocks(20, "kept"), 0.3);
    const settings = { radius, steps: 5, norm: "l2", accounting: "strict" } as const;
    const { point, step } = await regionSearch.run(oracle, settings, randomStream("kept"));
    expect(oracle.points).toHaveLength(regionSearch.passes(5));
    const found = oracle.points.indexOf(point);
    expect(step).toBe(Math.ceil(found / 10));
    const left = [];
    for (const tried of [...oracle.points]) left.push((await oracle.predict(tried)).correct);
    expect(found).toBe(left.indexOf(Math.min(...left)));
    const length = Math.sqrt(point.reduce((sum, value) => sum + (value - 0.5) ** 2, 0));
    expect(length).toBeCloseTo(radius, 4);
  });
});

describe("transfer search", () => {
  const settings = { radius, steps: 4, norm: "linf", accounting: "strict" } as const;
  const start = randomStream("start")
    .uniform(grey.length, -radius, radius)
    .map((value) => value + 0.5);
  const earlier = { best: start };

  it("begins at the point that it is given, to the bit, and never ends above it", async () => {
    const oracle = new LocalSums(blocks(20, "kept"), 0.1);
    const { point } = await transferSearch.run(oracle, settings, randomStream("on"), earlier);
    expect(oracle.points[0]).toEqual(start);
    const [before, after] = [await oracle.predict(start), await oracle.predict(point)];
    expect(after.correct).toBeLessThan(before.correct);
    for (const [i, value] of point.entries())
      if (value !== start[i]) expect(Math.abs(value - 0.5)).toBeCloseTo(radius, 6);
  });

  it("keeps the point that it is given where nothing better is found", async () => {
    const best = blocks(20, "best").map((sign) => 0.5 + radius * sign);
    const oracle = new LocalSums(blocks(20, "best"), 0.3);
    const { point, step } = await transferSearch.run(oracle, settings, randomStream("on"), { best });
    expect([point, step]).toEqual([best, 0]);
  });

  it("is made for linf", async () => {
    const oracle = new LocalSums(blocks(20, "kept"), 0.3);
    const run = transferSearch.run(oracle, { ...settings, norm: "l2" }, randomStream("on"), earlier);
    await expect(run).rejects.toThrow("transfer-search is made for linf, not l2");
  });
});
