/** Batches attacked in parts: by the built program, since a worker needs files that Node can run. */
import { describe, expect, it } from "vitest";
import { float32, type SeawallError } from "../../src/base/index.js";
import { emptyGraph, GraphBuilder } from "../../src/onnx/index.js";
import type { openThreadSession } from "../../src/runtime/index.node.js";
import { type buildNetwork, partCount } from "../../src/train/loop/network.js";
import type { openNetwork } from "../../src/train/run/parts.node.js";
import type { initialState } from "../../src/train/state/state.js";

const dist = (file: string) => import(new URL(`../../dist/${file}`, import.meta.url).href);
const built: {
  openNetwork: typeof openNetwork;
  buildNetwork: typeof buildNetwork;
  initialState: typeof initialState;
  openThreadSession: typeof openThreadSession;
} & Pick<typeof import("../../src/nn/index.js"), "architectures" | "initialWeights"> = {
  ...(await dist("train/run/parts.node.js")),
  ...(await dist("train/loop/network.js")),
  ...(await dist("train/state/state.js")),
  ...(await dist("runtime/index.node.js")),
  ...(await dist("nn/index.js")),
};

const [images, side, classes] = [4, 32, 3];
const pixels = side * side;
const attack = { radius: 4 / 255, stepSize: 4 / 255 };

/** More ignored pixels in the first images than in the last. */
const batch = {
  images: Float32Array.from({ length: images * 3 * pixels }, (_, i) => Math.abs(Math.sin(i))),
  labels: BigInt64Array.from({ length: images * pixels }, (_, i) =>
    BigInt(i % pixels < (i / pixels) * 200 ? i % classes : -1),
  ),
};

/** The iterates and losses of an attack, before and after the parameters change. */
async function attacked(parts: number) {
  const common = { batchSize: images, attacked: images, accumulating: false, seed: 0, parts };
  const options = { ...common, size: [side, side] as const };
  const builds = built.buildNetwork(built.architectures["upernet-convnext-micro-cvst"], options, { classes });
  const weights = built.initialWeights(builds.training.parameters, 0);
  const state = built.initialState(builds.layouts, weights, "sgd", false);
  const network = await built.openNetwork(options, builds, { threads: parts });
  const first = await (await network.beginAttack(state))(batch, batch.images, attack);
  for (const [i, value] of state.parameters.entries()) state.parameters[i] = 1.1 * value;
  const second = await (await network.beginAttack(state))(batch, batch.images, attack);
  await network.dispose();
  return [first, second];
}

describe("an attack in parts", () => {
  it.each([2, 4])("does in %d parts what it does in one", async (count) => {
    const [whole, parts] = await Promise.all([attacked(1), attacked(count)]);
    expect(whole[0]!.loss).not.toBeCloseTo(whole[1]!.loss, 3);
    for (const [i, { next, loss }] of parts.entries()) {
      expect(loss).toBeCloseTo(whole[i]!.loss, 5);
      // Rounding decides a sign where a gradient is next to zero.
      const moved = next.filter((value, j) => Math.abs(value - whole[i]!.next[j]!) > 1e-6);
      expect(moved.length / next.length).toBeLessThan(0.001);
    }
  });

  it("has as many parts as are allowed and divide the images, four at most", () => {
    const parts = (images: number, allowed: number, accumulating = false) =>
      partCount({ attacked: images, accumulating, parts: allowed });
    expect([parts(8, 2), parts(6, 4), parts(7, 4), parts(2, 16), parts(16, 16)]).toEqual([2, 3, 1, 2, 4]);
    expect(parts(8, 2, true)).toBe(1);
    expect(partCount({ attacked: 8, accumulating: false })).toBe(1);
  });
});

describe("a session in a thread", () => {
  const doubling = (op: string) => {
    const build = new GraphBuilder(emptyGraph("doubling", 18));
    build.input("x", "float32", [2]);
    build.input("y", "float32", [2]);
    build.output(build.op(op, ["x", "y"]), "result");
    return build.graph;
  };

  it("keeps feeds, answers in order and fills the tensors it is given", async () => {
    const session = await built.openThreadSession(doubling("Add"), { threads: 1 });
    await session.keep({ y: float32([2], [10, 20]) });
    const given = float32([2], new Float32Array(2));
    const [first, second] = await Promise.all([
      session.run({ x: float32([2], [1, 2]) }, { result: given }),
      session.run({ x: float32([2], [3, 4]) }),
    ]);
    expect(Array.from(given.data as Float32Array)).toEqual([11, 22]);
    expect(first.result).toBe(given);
    expect(Array.from(second.result!.data as Float32Array)).toEqual([13, 24]);
    await expect(session.run({})).rejects.toThrow("running it failed");
    await session.dispose();
  });

  it("refuses a graph as a session in this thread does", async () => {
    const refused = built.openThreadSession(doubling("NoSuchOperator"));
    await expect(refused).rejects.toThrow(/ONNX Runtime refuses it/);
    await expect(refused).rejects.toHaveProperty("code", "model" satisfies SeawallError["code"]);
  });
});
