/** Scan as a loop over its inputs' slices, which tracing writes out turn by turn. */
import { int64, invariant } from "../../base/index.js";
import { attribute } from "../graph/attributes.js";
import type { Graph, Value } from "../graph/graph.js";
import {
  type Expansion,
  type ExpansionContext,
  fromEnd,
  lengthOf,
  notExpanded,
  rankOf,
} from "./expansion.js";

/** Inputs: initial states, then the sequences. The body reads states and slices, and gives the next states and slices. */
const scanAsLoop: Expansion = (context) => {
  const { node, build, required } = context;
  const body = attribute.graph(node, "body");
  const sequences = attribute.int(node, "num_scan_inputs", 0);
  if (body === undefined || sequences < 1) throw notExpanded(node, "it has no body, or no sequence");
  const states = node.inputs.length - sequences;
  const scans = body.outputs.length - states;
  const axes = attribute.ints(node, "scan_input_axes", Array<number>(sequences).fill(0));
  const inputs = axes.map((axis, i) => {
    const value = required(states + i);
    return { value, axis: axis < 0 ? axis + rankOf(context, value) : axis };
  });
  const length = build.reshape(lengthOf(build, inputs[0]!.value, inputs[0]!.axis), []);
  const results = build.ops("Loop", [length, "", ...node.inputs.slice(0, states)], states + scans, {
    body: { kind: "graph", value: turnOf(context, body, inputs, length) },
  });
  const scanned = results.slice(states).map((value, i) => laidOut(context, body, states + i, i, value));
  return [...results.slice(0, states), ...scanned];
};

/** The body of the loop: that of the scan, which reads its slices from the sequences. */
function turnOf(
  { node, build }: ExpansionContext,
  body: Graph,
  sequences: readonly { value: Value; axis: number }[],
  length: Value,
): Graph {
  const states = body.inputs.length - sequences.length;
  const backwards = attribute.ints(node, "scan_input_directions", []);
  const writer = build.nested(body.name);
  const [turn, going] = [build.fresh("turn"), build.fresh("going")];
  const mirrored = () => writer.sub(writer.sub(length, writer.constant(int64([], [1]))), turn);
  for (const [i, { value, axis }] of sequences.entries()) {
    const slice = writer.op("Gather", [value, backwards[i] === 1 ? mirrored() : turn], { axis });
    writer.alias(slice, body.inputs[states + i]!.name, "slice");
  }
  return {
    ...body,
    inputs: [
      { name: turn, type: "int64", shape: [] },
      { name: going, type: "bool", shape: [] },
      ...body.inputs.slice(0, states),
    ],
    outputs: [{ name: going, type: "bool", shape: [] }, ...body.outputs],
    initializers: new Map([...body.initializers, ...writer.graph.initializers]),
    nodes: [...writer.graph.nodes, ...body.nodes],
  };
}

/** A collected output, whose turns lie along axis 0, in the order and along the axis that the scan asks for. */
function laidOut(
  { node, build }: ExpansionContext,
  body: Graph,
  output: number,
  scan: number,
  value: Value,
): Value {
  const backwards = attribute.ints(node, "scan_output_directions", [])[scan] === 1;
  const ordered = backwards ? fromEnd(build, value) : value;
  const wanted = attribute.ints(node, "scan_output_axes", [])[scan] ?? 0;
  if (wanted === 0) return ordered;
  const shape = body.outputs[output]!.shape;
  if (shape === undefined) throw notExpanded(node, "the rank of its output is not stated in the file");
  const rank = shape.length + 1;
  const axis = wanted < 0 ? wanted + rank : wanted;
  invariant(axis < rank, `scan_output_axes ${wanted} for ${rank} axes`);
  const others = Array.from({ length: rank - 1 }, (_, i) => i + 1);
  return build.transpose(ordered, [...others.slice(0, axis), 0, ...others.slice(axis)]);
}

export const scan: Readonly<Record<string, Expansion>> = { Scan: scanAsLoop };
