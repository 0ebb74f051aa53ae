/** What backward parts make again, and the minimum cuts that decide it. */
import { describe, expect, it } from "vitest";
import type { TypedShape } from "../../src/autodiff/index.js";
import { float32 } from "../../src/base/index.js";
import { FlowNetwork } from "../../src/compile/min-cut.js";
import { repeatForward } from "../../src/compile/recompute.js";
import { emptyGraph, type Graph, GraphBuilder, type Value } from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";

describe("a minimum cut", () => {
  /** Edges as [from, to, capacity]; 0 is the source, 1 the sink. */
  const cut = (size: number, edges: readonly (readonly [number, number, number])[]) => {
    const network = new FlowNetwork(size);
    for (const [from, to, capacity] of edges) network.connect(from, to, capacity);
    const beyond = network.cut(0, 1);
    const cost = edges
      .filter(([from, to]) => !beyond[from] && beyond[to])
      .reduce((sum, [, , capacity]) => sum + capacity, 0);
    return { cost, beyond };
  };

  it("is the cheapest one", () => {
    // 0 →3→ 2 →1→ 1 and 0 →2→ 3 →5→ 1, with 2 →1→ 3 between.
    const edges = [
      [0, 2, 3],
      [2, 1, 1],
      [0, 3, 2],
      [3, 1, 5],
      [2, 3, 1],
    ] as const;
    expect(cut(4, edges).cost).toBe(4);
  });

  it("is the cheapest of all, which are few in small random networks", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const size = 6;
      const edges: (readonly [number, number, number])[] = [];
      for (let from = 0; from < size; from++)
        for (let to = 0; to < size; to++)
          if (from !== to && (7 * from + 5 * to + 3 * seed) % 4 < 2)
            edges.push([from, to, (from * to + seed) % 5]);
      const costs = Array.from({ length: 2 ** (size - 2) }, (_, choice) => {
        const isBeyond = (node: number) => node === 1 || (node > 1 && ((choice >> (node - 2)) & 1) === 1);
        return edges.reduce((sum, [a, b, c]) => sum + (!isBeyond(a) && isBeyond(b) ? c : 0), 0);
      });
      expect(cut(size, edges).cost, `network ${seed}`).toBe(Math.min(...costs));
    }
  });

  it("lies as near to the sink as it can", () => {
    expect(
      cut(4, [
        [0, 2, Number.POSITIVE_INFINITY],
        [2, 3, 1],
        [3, 1, 1],
      ]).beyond,
    ).toEqual([false, true, false, false]);
  });
});

describe("a backward part", () => {
  const rows = 128;
  const big: TypedShape = { type: "float32", shape: [rows, rows] };

  /** x → exp → matmul → relu → matmul → Σ, and a "backward part" that reads what gradients would. */
  function network() {
    const types = new Map<Value, TypedShape>();
    const b = new GraphBuilder(emptyGraph("net", 18));
    const noted = (value: Value) => {
      types.set(value, big);
      return value;
    };
    const image = noted(b.input("image", "float32", [rows, rows]));
    const first = noted(b.op("MatMul", [image, image]));
    const active = noted(b.op("Relu", [first]));
    const shifted = noted(b.op("Sigmoid", [active]));
    const second = noted(b.op("MatMul", [shifted, shifted]));
    const sum = noted(b.op("Add", [second, first]));
    const loss = b.reduce("ReduceSum", b.op("Exp", [sum]), [0, 1], false);
    b.output(loss, "loss");
    const back = b.op("MatMul", [shifted, sum]);
    b.output(b.op("Mul", [back, active]), "gradient");
    return { graph: b.graph, types, first, sum };
  }

  const ends = { image: "image", losses: ["loss"] };
  const againOf = ({ nodes }: Graph) =>
    nodes.filter(({ name }) => name.endsWith("/again")).map(({ op }) => op);

  it("makes cheap values again from the fewest bytes", () => {
    const { graph, types } = network();
    // To keep what the Relu makes costs as much as to keep what it reads, and is less work.
    expect(againOf(repeatForward(graph, types, ends, "cheap"))).toEqual(["Sigmoid"]);
  });

  it("makes products again within blocks, and never a sum of two values", () => {
    const { graph, types, sum } = network();
    const again = repeatForward(graph, types, ends, "blocks");
    expect(againOf(again).toSorted()).toEqual(["MatMul", "Relu", "Sigmoid"]);
    expect(again.nodes.flatMap(({ outputs }) => outputs)).not.toContain(`${sum}/again`);
  });

  it.each(["cheap", "blocks"] as const)("gives the same to the bit, recomputing %s", async (level) => {
    const { graph, types } = network();
    const feeds = {
      image: float32(
        [rows, rows],
        Float32Array.from({ length: rows ** 2 }, (_, i) => Math.sin(i) / rows),
      ),
    };
    const results = await Promise.all(
      [graph, repeatForward(graph, types, ends, level)].map(async (made) => {
        const session = await openSession(made, { mergeCommon: false, threads: 1 });
        const found = await session.run(feeds);
        await session.dispose();
        return found;
      }),
    );
    expect(results[1]).toEqual(results[0]);
  });
});
