/** Recurrent layers (RNN, GRU, LSTM) as loops over their sequence, which tracing writes out step by step. */
import { arrayConstructors, type DataType } from "../../base/index.js";
import { attribute } from "../graph/attributes.js";
import type { GraphBuilder } from "../graph/builder.js";
import type { Node, Value } from "../graph/graph.js";
import { type Expansion, type ExpansionContext, fromEnd, lengthOf, notExpanded } from "./expansion.js";
import { appendLoop } from "./loop.js";

/** What one direction of a layer reads in every step. */
interface Weights {
  /** Recurrence weights, transposed: H × gates·H. */
  readonly recurrence: Value;
  /** Recurrence bias, gates·H; undefined where the layer has none. */
  readonly bias: Value | undefined;
  readonly activations: readonly string[];
}

/** One kind of layer. H is its hidden size, N the batch. */
interface Cell {
  readonly gates: number;
  /** State tensors N×H: the hidden state, and the cell state of an LSTM. */
  readonly states: number;
  /** The standard's activations, one list for each direction. */
  readonly activations: readonly string[];
  /** The next states, from the input's part of the gates N × gates·H and the states. */
  step(
    build: GraphBuilder,
    node: Node,
    input: Value,
    states: readonly Value[],
    weights: Weights,
  ): readonly Value[];
}

const rnn: Cell = {
  gates: 1,
  states: 1,
  activations: ["Tanh"],
  step(build, _, input, [hidden], weights) {
    const [f] = weights.activations as [string];
    return [build.op(f, [build.add(input, recurrencePart(build, hidden!, weights))])];
  },
};

/** The gates are input, output, forget and cell. */
const lstm: Cell = {
  gates: 4,
  states: 2,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  step(build, _, input, [hidden, cell], weights) {
    const [f, g, h] = weights.activations as [string, string, string];
    const sum = build.add(input, recurrencePart(build, hidden!, weights));
    const [i, o, forget, candidate] = split(build, sum, 4) as [Value, Value, Value, Value];
    const kept = build.mul(build.op(f, [forget]), cell!);
    const next = build.add(kept, build.mul(build.op(f, [i]), build.op(g, [candidate])));
    return [build.mul(build.op(f, [o]), build.op(h, [next])), next];
  },
};

/** The gates are update, reset and hidden. */
const gru: Cell = {
  gates: 3,
  states: 1,
  activations: ["Sigmoid", "Tanh"],
  step(build, node, input, [hidden], weights) {
    const [f, g] = weights.activations as [string, string];
    const [xz, xr, xh] = split(build, input, 3) as [Value, Value, Value];
    const [hz, hr, hh] = split(build, recurrencePart(build, hidden!, weights), 3) as [Value, Value, Value];
    const update = build.op(f, [build.add(xz, hz)]);
    const reset = build.op(f, [build.add(xr, hr)]);
    const recurrence =
      attribute.int(node, "linear_before_reset", 0) === 1
        ? build.mul(reset, hh)
        : lastGate(build, build.mul(reset, hidden!), weights);
    const candidate = build.op(g, [build.add(xh, recurrence)]);
    // (1 − z) · candidate + z · hidden
    return [build.add(candidate, build.mul(update, build.sub(hidden!, candidate)))];
  },
};

/** Activations without parameters, which are standard operators of the same name. */
const known = new Set(["Sigmoid", "Tanh", "Relu", "Softsign", "Softplus"]);

/**
 * Inputs X T×N×I, W D×(gates·H)×I, R D×(gates·H)×H, B D×(2·gates·H), lengths, initial states D×N×H, peepholes;
 * outputs Y T×D×N×H and the last states D×N×H, for D directions.
 */
function expansionOf(cell: Cell): Expansion {
  return (context) => {
    const { node, build } = context;
    refuseUnknown(context);
    const directions = { forward: [false], reverse: [true], bidirectional: [false, true] }[
      attribute.string(node, "direction", "forward")
    ];
    if (directions === undefined) throw notExpanded(node, "its direction is unknown");
    const runs = directions.map((backwards, d) => oneDirection(context, cell, d, backwards));
    const joined = (values: readonly Value[], axis: number) => {
      const parts = values.map((value) => build.op("Unsqueeze", [value, build.ints([axis])]));
      return parts.length === 1 ? parts[0]! : build.concat(parts, axis);
    };
    const sequence = joined(
      runs.map(({ scanned }) => scanned),
      1,
    );
    const last = Array.from({ length: cell.states }, (_, s) =>
      joined(
        runs.map(({ states }) => states[s]!),
        0,
      ),
    );
    return [sequence, ...last];
  };
}

function refuseUnknown({ node, optional }: ExpansionContext): void {
  const refuse = (condition: boolean, reason: string) => {
    if (condition) throw notExpanded(node, reason);
  };
  refuse(attribute.int(node, "layout", 0) !== 0, "its layout is batch first");
  refuse(attribute.optionalFloat(node, "clip") !== undefined, "it clips its gates");
  refuse(attribute.int(node, "input_forget", 0) !== 0, "its input and forget gates are coupled");
  refuse(optional(4) !== undefined, "the sequences of a batch have lengths of their own");
  refuse(optional(7) !== undefined, "it has peepholes");
}

/** The hidden states T×N×H in the order of the sequence, and the last states N×H. */
function oneDirection(context: ExpansionContext, cell: Cell, direction: number, backwards: boolean) {
  const { node, build, required, optional } = context;
  const own = (value: Value) =>
    build.op("Squeeze", [build.slice(value, [0], [direction], [direction + 1]), build.ints([0])]);
  const x = required(0);
  const size = cell.gates * attribute.int(node, "hidden_size", 0);
  const given = optional(3);
  const biases = given === undefined ? undefined : own(given);
  const half = (start: number) => biases && build.slice(biases, [0], [start], [start + size]);
  const product = build.matmul(x, build.transpose(own(required(1)), [1, 0]));
  const inputBias = half(0);
  const gates = inputBias === undefined ? product : build.add(product, inputBias);
  const inputs = backwards ? fromEnd(build, gates) : gates;
  const weights: Weights = {
    recurrence: build.transpose(own(required(2)), [1, 0]),
    bias: half(size),
    activations: activationsOf(node, cell, direction),
  };
  const initial = Array.from({ length: cell.states }, (_, s) => {
    const state = optional(5 + s);
    return state === undefined ? zeroState(context, x) : own(state);
  });
  const trips = build.reshape(lengthOf(build, x, 0), []);
  const type = context.facts.of(x).type ?? "float32";
  const { carried, scanned } = appendLoop(build, trips, initial, type, (body, turn, states) => {
    const input = body.op("Gather", [inputs, turn], { axis: 0 });
    const next = cell.step(body, node, input, states, weights);
    return { carried: next, scanned: [body.op("Identity", [next[0]!])] };
  });
  return { states: carried, scanned: backwards ? fromEnd(build, scanned[0]!) : scanned[0]! };
}

function activationsOf(node: Node, cell: Cell, direction: number): readonly string[] {
  const given = node.attributes.activations;
  if (given?.kind !== "strings") return cell.activations;
  const count = cell.activations.length;
  const chosen = given.value.slice(direction * count, (direction + 1) * count);
  const unknown = chosen.find((name) => !known.has(name));
  if (unknown !== undefined || chosen.length < count) {
    throw notExpanded(node, `its activations are ${given.value.join(", ")}`);
  }
  return chosen;
}

/** The state before the first step: zeros N×H in the element type of the sequence. */
function zeroState({ node, build, facts }: ExpansionContext, x: Value): Value {
  const type: DataType = facts.of(x).type ?? "float32";
  const shape = build.concat([lengthOf(build, x, 1), build.ints([attribute.int(node, "hidden_size", 0)])], 0);
  if (type === "string") throw notExpanded(node, "its sequence is text");
  return build.op("ConstantOfShape", [shape], {
    value: { type, dims: [1], data: new arrayConstructors[type](1) },
  });
}

function recurrencePart(build: GraphBuilder, hidden: Value, { recurrence, bias }: Weights): Value {
  const product = build.matmul(hidden, recurrence);
  return bias === undefined ? product : build.add(product, bias);
}

/** The last gate's part alone, of a state that was reset before. */
function lastGate(build: GraphBuilder, state: Value, weights: Weights): Value {
  return split(build, recurrencePart(build, state, weights), 3)[2]!;
}

function split(build: GraphBuilder, value: Value, parts: number): readonly Value[] {
  return build.ops("Split", [value], parts, { axis: -1, num_outputs: parts });
}

export const recurrent: Readonly<Record<string, Expansion>> = {
  RNN: expansionOf(rnn),
  GRU: expansionOf(gru),
  LSTM: expansionOf(lstm),
};
