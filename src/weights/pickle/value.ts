/** The values of a checkpoint: plain data in Maps and arrays, never objects whose prototype a file could change. */
import type { Tensor } from "../../base/index.js";

/**
 * A Python dictionary is a Map; a list, tuple or set is an array, frozen for a tuple; an integer beyond ±2⁵³ is a
 * bigint; `bytes` are a Uint8Array; every other object is a `PickledObject`. Values can be shared and, in a hostile
 * file, circular: code that visits them must remember what it has visited.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Tensor
  | PickledObject
  | readonly PickleValue[]
  | ReadonlyMap<PickleValue, PickleValue>;

/** A record of a Python name such as `torch.float32`, or with `args` of a call such as `torch.device("cpu")`. */
export class PickledObject {
  readonly global: string;
  readonly args: readonly PickleValue[] | undefined;
  /** The argument that Python would pass to `__setstate__`. */
  state: PickleValue | undefined;

  constructor(global: string, args?: readonly PickleValue[], state?: PickleValue) {
    this.global = global;
    this.args = args;
    this.state = state;
  }
}

/** Whether a value is a tensor, the only plain object among the values. */
export function isTensor(value: PickleValue | undefined): value is Tensor {
  return typeof value === "object" && value !== null && "dims" in value;
}

/** `Array.isArray` with a type that includes readonly arrays. */
export function isPickleList(value: PickleValue | undefined): value is readonly PickleValue[] {
  return Array.isArray(value);
}

/** The type of a value, in Python's words, for messages. */
export function kindOf(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (isPickleList(value)) return Object.isFrozen(value) ? "tuple" : "list";
  if (value instanceof Map) return "dict";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof PickledObject) return value.global;
  return typeof value === "object" ? "tensor" : typeof value;
}

/** An integer as a number, or as a bigint if a number would round it. */
export function narrow(integer: bigint): number | bigint {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}
