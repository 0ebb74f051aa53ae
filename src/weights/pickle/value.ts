/** What a checkpoint is once read: inert data in Maps and arrays, never an object with a prototype to poison. */
import type { Tensor } from "../../base/index.js";

/**
 * A dictionary is a Map, a list, tuple or set an array (tuples are frozen), an integer beyond ±2⁵³ a bigint,
 * `bytes` a Uint8Array; whatever else may be named is a `PickledObject`. Values may be shared and, in a
 * hostile file, circular: walk them with a set of what was seen.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Tensor
  | PickledObject
  | readonly Value[]
  | ReadonlyMap<Value, Value>;

/** A Python name such as `torch.float32`, or with `args` the call of one such as `torch.device("cpu")`: no code. */
export class PickledObject {
  readonly global: string;
  readonly args: readonly Value[] | undefined;
  /** What Python would have handed to `__setstate__` or `__dict__`. */
  state: Value | undefined;

  constructor(global: string, args?: readonly Value[], state?: Value) {
    this.global = global;
    this.args = args;
    this.state = state;
  }
}

/** Whether a value of a checkpoint is a tensor (all other object kinds are classes). */
export function isTensor(value: Value | undefined): value is Tensor {
  return typeof value === "object" && value !== null && "dims" in value;
}

/** `isArray` of the standard library takes readonly arrays for something else. */
export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** The kind of a value, for messages. */
export function kindOf(value: Value | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (isList(value)) return "list";
  if (value instanceof Map) return "dict";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof PickledObject) return value.global;
  return typeof value === "object" ? "tensor" : typeof value;
}

/** An integer as a number, or as a bigint where a number would round it. */
export function narrow(integer: bigint): number | bigint {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}
