/** Control flow whose course is known: the branch that runs, and the turns of a loop, become nodes of the graph. */
import { int64, numbersOf, SeawallError, type Tensor } from "../../base/index.js";
import { GraphBuilder } from "../graph/builder.js";
import { copyGraph, describeNode, type Graph, type Node, type Value } from "../graph/graph.js";
import { renamedNode } from "../graph/rename.js";
import { allNamesIn } from "../graph/traverse.js";

/** Bounds what a small file can ask for: nodes that control flow may become. */
const mostNodes = 100_000;

/**
 * Replaces every `If` whose condition is an initializer by the nodes of the branch that runs, and every `Loop` whose
 * trip count is an initializer and whose condition stays true by the nodes of its turns. Other nodes stay.
 * @returns the graph itself where nothing was replaced
 * @throws SeawallError `unsupported` for loops that would become more than 100,000 nodes
 */
export function inlineControlFlow(graph: Graph): Graph {
  const writer: Writer = {
    build: new GraphBuilder(copyGraph(graph), allNamesIn(graph)),
    replaced: 0,
    written: 0,
  };
  const nodes = graph.nodes;
  writer.build.graph.nodes = [];
  for (const node of nodes) writeNode(writer, node);
  return writer.replaced === 0 ? graph : writer.build.graph;
}

interface Writer {
  readonly build: GraphBuilder;
  /** Nodes of control flow that were replaced. */
  replaced: number;
  /** Nodes of bodies that were written. */
  written: number;
}

function writeNode(writer: Writer, node: Node): void {
  const { initializers, nodes } = writer.build.graph;
  const turns = node.domain === "" ? turnsOf(node, initializers) : undefined;
  if (turns === undefined) {
    nodes.push(node);
    return;
  }
  writer.replaced++;
  for (const [output, value] of turns(writer)) writer.build.alias(value, output);
}

/** Writes the nodes that a node of control flow stands for; the values of its outputs, by name. */
type Course = (writer: Writer) => [output: Value, value: Value][];

function turnsOf(node: Node, constants: ReadonlyMap<Value, Tensor>): Course | undefined {
  if (node.op === "If") return branchOf(node, constants);
  return node.op === "Loop" ? iterationsOf(node, constants) : undefined;
}

function branchOf(node: Node, constants: ReadonlyMap<Value, Tensor>): Course | undefined {
  const condition = constants.get(node.inputs[0]!);
  const name = condition && (condition.data[0] ? "then_branch" : "else_branch");
  const branch = name && node.attributes[name];
  if (branch?.kind !== "graph") return undefined;
  return (writer) => {
    const results = writer.build.within(node.name, () => writeBody(writer, node, branch.value, []));
    return node.outputs.flatMap((output, i) => (output ? [[output, results[i]!]] : []));
  };
}

/** A body's inputs are the turn's number, the condition and the carried values; its outputs the next of the last two, then scans. */
function iterationsOf(node: Node, constants: ReadonlyMap<Value, Tensor>): Course | undefined {
  const [count, condition, ...initial] = node.inputs;
  const body = node.attributes.body;
  const trips = constants.get(count ?? "");
  const given = condition ? constants.get(condition) : undefined;
  if (body?.kind !== "graph" || trips === undefined || !staysTrue(body.value)) return undefined;
  if (condition && given === undefined) return undefined;
  const total = given && !given.data[0] ? 0 : Math.max(0, numbersOf(trips)[0]!);
  const scans = body.value.outputs.length - 1 - initial.length;
  // A scan without turns has a shape that no value tells.
  if (total === 0 && scans > 0) return undefined;
  return (writer) => {
    const { build } = writer;
    let carried: readonly Value[] = initial;
    const scanned: Value[][] = Array.from({ length: scans }, () => []);
    for (let turn = 0; turn < total; turn++) {
      build.within(`${node.name}/${turn}`, () => {
        const number = build.constant(int64([], [turn]));
        const yes = build.constant({ type: "bool", dims: [], data: Uint8Array.of(1) });
        const [, ...results] = writeBody(writer, node, body.value, [number, yes, ...carried]);
        carried = results.splice(0, initial.length);
        for (const [i, value] of results.entries())
          scanned[i]!.push(build.op("Unsqueeze", [value, build.ints([0])]));
      });
    }
    const results = [...carried, ...scanned.map((values) => build.concat(values, 0))];
    return node.outputs.flatMap((output, i) => (output ? [[output, results[i]!]] : []));
  };
}

/** Whether a loop's body hands its condition on, or sets it to a constant true. */
function staysTrue({ inputs, outputs, initializers, nodes }: Graph): boolean {
  let value = outputs[0]!.name;
  for (;;) {
    if (value === inputs[1]?.name) return true;
    const constant = initializers.get(value);
    if (constant) return Boolean(constant.data[0]);
    const producer = nodes.find((node) => node.outputs.includes(value));
    if (producer?.op !== "Identity" || producer.domain !== "") return false;
    value = producer.inputs[0]!;
  }
}

/** Writes a body's nodes with fresh names; values from outside keep theirs. Returns its outputs. */
function writeBody(writer: Writer, node: Node, body: Graph, inputs: readonly Value[]): Value[] {
  writer.written += 1 + body.nodes.length;
  if (writer.written > mostNodes) {
    throw new SeawallError(
      "unsupported",
      `${describeNode(node)}: written out, control flow becomes more than ${mostNodes} nodes; export the model without this loop`,
    );
  }
  const { build } = writer;
  const renamed = new Map<Value, Value>(body.inputs.map(({ name }, i) => [name, inputs[i]!]));
  for (const [name, tensor] of body.initializers) {
    const fresh = build.fresh(name);
    build.graph.initializers.set(fresh, tensor);
    renamed.set(name, fresh);
  }
  const value = (name: Value) => renamed.get(name) ?? name;
  for (const inner of body.nodes) {
    for (const output of inner.outputs) if (output) renamed.set(output, build.fresh(output));
    writeNode(writer, { ...renamedNode(inner, value), name: build.fresh(inner.name) });
  }
  return body.outputs.map(({ name }) => value(name));
}
