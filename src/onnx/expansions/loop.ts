/** Writing a `Loop` of a known number of turns. */
import type { DataType } from "../../base/index.js";
import type { GraphBuilder } from "../graph/builder.js";
import type { Value } from "../graph/graph.js";

/** What one turn hands to the next, and what is collected along a new first axis. */
interface Turn {
  readonly carried: readonly Value[];
  readonly scanned: readonly Value[];
}

/**
 * Appends a loop of `trips` turns (int64 scalar). `write` writes a turn, from its number (int64 scalar) and the carried
 * values, and may read values of the graph around it.
 */
export function appendLoop(
  build: GraphBuilder,
  trips: Value,
  initial: readonly Value[],
  type: DataType,
  write: (body: GraphBuilder, turn: Value, carried: readonly Value[]) => Turn,
): Turn {
  const body = build.nested("body");
  const input = (base: string, inputType: DataType, shape?: readonly number[]) => {
    const name = build.fresh(base);
    body.graph.inputs.push({ name, type: inputType, shape });
    return name;
  };
  const turn = input("turn", "int64", []);
  const going = input("going", "bool", []);
  const states = initial.map(() => input("state", type));
  const { carried, scanned } = write(body, turn, states);
  for (const value of [going, ...carried, ...scanned]) body.output(value);
  const results = build.ops("Loop", [trips, "", ...initial], carried.length + scanned.length, {
    body: { kind: "graph", value: body.graph },
  });
  return { carried: results.slice(0, carried.length), scanned: results.slice(carried.length) };
}
