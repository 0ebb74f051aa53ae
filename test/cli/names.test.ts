/** Names that a model chooses to steer the terminal, or to look like lines of Seawall: they are printed escaped. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { emptyGraph, type Graph, GraphBuilder, type Value, writeModel } from "../../src/onnx/index.js";
import { tinyModel } from "../helpers/models.js";
import { type Ended, sampleFolder, seawall } from "./program.js";

/** Clears the screen, turns red, begins a line of its own, ends the program's title, writes backwards. */
const hostile = "\x1b[2J\x1b[31m\nerror: all is well\r\x07\x9b1m\u202e\x7f";
const escaped = "\\u001b[2J\\u001b[31m\\nerror: all is well\\r\\u0007\\u009b1m\\u202e\\u007f";

let cwd: string;
beforeAll(async () => {
  cwd = await sampleFolder();
});

const rename = (name: Value) => (name === "" ? name : `${name}${hostile}`);

/** The graph with the hostile text in every name. */
function renamed(graph: Graph): Graph {
  const infos = (list: Graph["inputs"]) => list.map((info) => ({ ...info, name: rename(info.name) }));
  return {
    ...graph,
    name: rename(graph.name),
    inputs: infos(graph.inputs),
    outputs: infos(graph.outputs),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [rename(name), tensor])),
    nodes: graph.nodes.map((node) => ({
      ...node,
      name: `${node.op}${hostile}`,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    })),
  };
}

function withoutRule(): Graph {
  const b = new GraphBuilder(emptyGraph("det", 18));
  const image = b.input("image", "float32", [1, 3, 16, 16]);
  const det = b.reshape(b.op("Det", [image]), [1, 3, 1, 1]);
  b.output(b.mul(image, det), "output");
  return b.graph;
}

/** The engine refuses a step of 0, in words that hold the node's name. */
function withoutStep(): Graph {
  const b = new GraphBuilder(emptyGraph("step", 18));
  const image = b.input("image", "float32", [1, 3, 16, 16]);
  const [start, end, axis, step] = [[0], [3], [1], [0]].map((values) => b.ints(values));
  b.output(b.op("Slice", [image, start!, end!, axis!, step!]), "output");
  return b.graph;
}

async function run(verb: string, graph: Graph, ...flags: string[]): Promise<Ended> {
  await writeFile(join(cwd, "odd.onnx"), writeModel(graph));
  return seawall([verb, "--model", "odd.onnx", ...flags], { cwd });
}

const evaluated = ["--data", "folder:images,labels", "--classes", "4", "--ignore-label", "255"];
const attacked = ["--eps", "1/255", "--attacks", "noise", "--parallel", "1"];

function expectEscaped({ stdout, stderr }: Ended): void {
  for (const text of [stdout, stderr]) {
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
    expect(text).not.toMatch(/^error: all is well/m);
  }
  expect((stdout + stderr).replaceAll(/\n */g, " ")).toContain(escaped);
}

describe("hostile names are escaped", () => {
  it.each([
    ["doctor", [...evaluated]],
    ["doctor", [...evaluated, "--json"]],
    ["eval", [...evaluated, ...attacked]],
    ["grad", ["--loss", "ce", "--out", "odd.grad.onnx", "--input-shape", "1x3x16x16"]],
  ])("by %s of a model that works %#", async (verb, flags) => {
    const ended = await run(verb, renamed(tinyModel()), ...flags);
    expect(ended.code).toBe(0);
    expectEscaped(ended);
  });

  it.each<[string, () => Graph]>([
    ["an operator has no rule", withoutRule],
    ["the engine refuses a node", withoutStep],
  ])("where %s", async (_, graph) => {
    const ended = await run(
      "eval",
      renamed(graph()),
      "--data",
      "folder:images",
      "--labels",
      "self",
      ...attacked,
    );
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^error: odd\.onnx: /m);
    expectEscaped(ended);
  });
});

it.each(["eval", "doctor", "grad"])(
  "a name with a NUL is refused by %s, with file and name",
  async (verb) => {
    const graph = tinyModel();
    const flags = {
      eval: [...evaluated, ...attacked],
      doctor: [],
      grad: ["--loss", "ce", "--out", "nul.grad.onnx"],
    }[verb]!;
    const nodes = graph.nodes.map((node, i) => (i === 0 ? { ...node, outputs: ["nul\0"] } : node));
    const reading = nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((name) => (name === graph.nodes[0]!.outputs[0] ? "nul\0" : name)),
    }));
    const { code, stderr } = await run(verb, { ...graph, nodes: reading }, ...flags);
    expect(code).toBe(2);
    expect(stderr).not.toContain("\0");
    expect(stderr.replaceAll(/\s+/g, " ")).toMatch(
      /odd\.onnx: the name "nul\\u0000" of .* holds a NUL character; the file is damaged: export or copy it again/,
    );
  },
);
