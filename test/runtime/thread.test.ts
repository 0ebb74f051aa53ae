/** Sessions in worker threads: those of the built program, since a thread needs files that Node can run. */
import { expect, it } from "vitest";
import { float32 } from "../../src/base/index.js";
import { emptyGraph, GraphBuilder } from "../../src/onnx/index.js";
import type { openThreadSession } from "../../src/runtime/index.node.js";

const built: { openThreadSession: typeof openThreadSession } = await import(
  new URL("../../dist/runtime/index.node.js", import.meta.url).href
);

/** y = a·x */
function scaling() {
  const build = new GraphBuilder(emptyGraph("scaling", 18));
  const [x, a] = ["x", "a"].map((name) => build.input(name, "float32", [2]));
  build.output(build.mul(x!, a!), "y");
  return build.graph;
}

const vector = (...values: number[]) => float32([2], values);
const numbers = (tensor: { data: ArrayLike<unknown> } | undefined) => Array.from(tensor!.data);

it("keeps feeds for later runs, fills given tensors, and runs in turn", async () => {
  const session = await built.openThreadSession(scaling(), { threads: 1 });
  expect([...session.outputTypes]).toEqual([["y", "float32"]]);
  await session.keep({ a: vector(10, 100) });
  const y = vector(0, 0);
  const runs = [session.run({ x: vector(1, 2) }, { y }), session.run({ x: vector(3, 4) })];
  const [, second] = await Promise.all(runs);
  expect(numbers(y)).toEqual([10, 200]);
  expect(numbers(second!.y)).toEqual([30, 400]);
  await session.keep({ a: vector(0, 1) });
  expect(numbers((await session.run({ x: vector(5, 6) }, ["y"])).y)).toEqual([0, 6]);
  await session.dispose();
});

it("reports errors with their code, and stays usable after a failed run", async () => {
  const session = await built.openThreadSession(scaling(), { threads: 1 });
  await expect(session.run({ x: vector(1, 2) })).rejects.toMatchObject({ code: "model" });
  expect(numbers((await session.run({ x: vector(1, 2), a: vector(1, 1) })).y)).toEqual([1, 2]);
  await session.dispose();

  const refused = scaling();
  refused.nodes[0] = { ...refused.nodes[0]!, op: "NoSuchOperator" };
  await expect(built.openThreadSession(refused)).rejects.toThrow(/^scaling: ONNX Runtime refuses it/);
});
