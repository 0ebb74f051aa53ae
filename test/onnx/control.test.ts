/** Control flow whose course is known: written out, a graph computes what the engine computes with it. */
import { describe, expect, it } from "vitest";
import { float32, int64, SeawallError, type Tensor } from "../../src/base/index.js";
import { emptyGraph, type Graph, GraphBuilder, inlineControlFlow, writeModel } from "../../src/onnx/index.js";
import { drawFeeds, relativeDifference, runBytes } from "./helpers.js";

const bool = (value: boolean): Tensor => ({ type: "bool", dims: [], data: Uint8Array.of(value ? 1 : 0) });

/** A graph with input x [2, 3] and outputs that `write` returns. */
function outer(write: (b: GraphBuilder) => readonly string[]): Graph {
  const b = new GraphBuilder(emptyGraph("outer", 18));
  b.input("x", "float32", [2, 3]);
  for (const value of write(b)) b.output(value);
  return b.graph;
}

/** A body whose names are its own; it may read values of the graph around it. */
function inner(name: string, write: (b: GraphBuilder) => readonly string[]): Graph {
  const b = new GraphBuilder(emptyGraph(name, 18));
  for (const value of b.within(name, () => write(b))) b.output(value);
  return b.graph;
}

const graphAttribute = (value: Graph) => ({ kind: "graph", value }) as const;

function branches(b: GraphBuilder, condition: string, yes: Graph, no: Graph, outputs = 1): string[] {
  return b.ops("If", [condition], outputs, {
    then_branch: graphAttribute(yes),
    else_branch: graphAttribute(no),
  });
}

const double = () => inner("double", (b) => [b.mul("x", 2)]);
const negate = () => inner("negate", (b) => [b.neg("x")]);

/** A loop body: carried ← carried · 2 + turn, scanned: the new carried value. */
function turn(condition: (b: GraphBuilder) => string): Graph {
  const b = new GraphBuilder(emptyGraph("turn", 18));
  b.input("i", "int64", []);
  b.input("going", "bool", []);
  b.input("carried", "float32", [2, 3]);
  const next = b.add(b.mul("carried", 2), b.cast("i", "float32"));
  b.output(condition(b));
  b.output(next);
  // A graph must not list one value twice.
  b.output(b.op("Identity", [next]));
  return b.graph;
}

function looped(
  trips: string | Tensor,
  condition: "" | Tensor,
  body: Graph,
  read: readonly number[] = [0, 1],
) {
  return outer((b) => {
    const count = typeof trips === "string" ? trips : b.constant(trips);
    const start = condition === "" ? "" : b.constant(condition);
    const results = b.ops("Loop", [count, start, "x"], 2, { body: graphAttribute(body) });
    return read.map((i) => results[i]!);
  });
}

async function expectEqual(graph: Graph): Promise<Graph> {
  const written = inlineControlFlow(graph);
  const feeds = drawFeeds(graph);
  const expected = await runBytes(writeModel(graph), feeds);
  expect(relativeDifference(await runBytes(writeModel(written), feeds), expected)).toBe(0);
  return written;
}

const holdsControl = ({ nodes }: Graph) => nodes.some(({ op }) => op === "If" || op === "Loop");

describe("If", () => {
  it.each([true, false])("with the constant condition %s becomes its branch", async (value) => {
    const graph = outer((b) => branches(b, b.constant(bool(value)), double(), negate()));
    const written = await expectEqual(graph);
    expect(written.nodes.map(({ op }) => op)).toContain(value ? "Mul" : "Neg");
    expect(holdsControl(written)).toBe(false);
  });

  it("with a condition that is computed stays", () => {
    const graph = outer((b) => {
      const sum = b.reduce("ReduceSum", "x", [0, 1], false);
      return branches(b, b.op("Greater", [sum, b.scalar(0)]), double(), negate());
    });
    expect(inlineControlFlow(graph)).toBe(graph);
  });

  it("inside a branch is written out too, and reads what lies two graphs outside", async () => {
    const graph = outer((b) => {
      const condition = b.constant(bool(true));
      const nested = inner("nested", (n) => branches(n, condition, double(), negate()));
      return branches(b, condition, nested, negate());
    });
    expect(holdsControl(await expectEqual(graph))).toBe(false);
  });

  it("used twice with one branch gives its values two names", async () => {
    const graph = outer((b) => {
      const yes = b.constant(bool(true));
      const [first] = branches(b, yes, double(), negate());
      const [second] = branches(b, yes, double(), negate());
      return [b.add(first!, second!)];
    });
    const written = await expectEqual(graph);
    const made = written.nodes.flatMap(({ outputs }) => outputs);
    expect(new Set(made).size).toBe(made.length);
  });

  it("that keeps its own condition sees the new names of what it captures", async () => {
    const graph = outer((b) => {
      const sum = b.reduce("ReduceSum", "x", [0, 1], false);
      const positive = b.op("Greater", [sum, b.scalar(0)]);
      const body = inner("body", (n) => {
        const local = n.mul("x", 3);
        const captures = inner("captures", (c) => [c.neg(local)]);
        return branches(n, positive, captures, negate());
      });
      return branches(b, b.constant(bool(true)), body, negate());
    });
    const written = await expectEqual(graph);
    expect(written.nodes.filter(({ op }) => op === "If")).toHaveLength(1);
  });
});

describe("Loop", () => {
  it.each<[string, (b: GraphBuilder) => string]>([
    ["hands its condition on", () => "going"],
    ["hands it on through Identity", (b) => b.op("Identity", ["going"])],
    ["sets it to true", (b) => b.constant(bool(true))],
  ])("that %s becomes its turns", async (_, condition) => {
    const written = await expectEqual(looped(int64([], [4]), "", turn(condition)));
    expect(holdsControl(written)).toBe(false);
    expect(written.nodes.filter(({ op }) => op === "Mul")).toHaveLength(4);
  });

  it("that begins with a constant condition", async () => {
    expect(
      holdsControl(
        await expectEqual(
          looped(
            int64([], [2]),
            bool(true),
            turn(() => "going"),
          ),
        ),
      ),
    ).toBe(false);
  });

  it("without a turn hands the start on, unless it scans", async () => {
    const body = turn(() => "going");
    const carriedOnly = { ...body, outputs: body.outputs.slice(0, 2) };
    const graph = outer((b) =>
      b.ops("Loop", [b.constant(int64([], [0])), "", "x"], 1, { body: graphAttribute(carriedOnly) }),
    );
    expect(holdsControl(await expectEqual(graph))).toBe(false);
    const scanning = looped(int64([], [0]), "", body);
    expect(inlineControlFlow(scanning)).toBe(scanning);
  });

  it("whose condition is computed in a turn stays", () => {
    const computed = turn((b) => b.op("Less", ["i", b.constant(int64([], [2]))]));
    const graph = looped(int64([], [4]), "", computed);
    expect(inlineControlFlow(graph)).toBe(graph);
  });

  it("with more turns than a graph may have nodes is refused by name", () => {
    const graph = looped(
      int64([], [1e12]),
      "",
      turn(() => "going"),
    );
    expect(() => inlineControlFlow(graph)).toThrow(SeawallError);
    expect(() => inlineControlFlow(graph)).toThrow(
      /Loop "Loop": written out, control flow becomes more than 100000/,
    );
  });

  it("keeps values of the turns apart", async () => {
    const body = new GraphBuilder(emptyGraph("body", 18));
    body.input("i", "int64", []);
    body.input("going", "bool", []);
    body.input("carried", "float32", [2, 3]);
    const weight = body.constant(float32([1, 3], [1, 2, 3]), "weight");
    body.output("going");
    body.output(body.add(body.mul("carried", weight), "x"));
    const graph = outer((b) =>
      b.ops("Loop", [b.constant(int64([], [3])), "", "x"], 1, { body: graphAttribute(body.graph) }),
    );
    expect(holdsControl(await expectEqual(graph))).toBe(false);
  });
});
