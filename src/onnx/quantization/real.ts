/** Quantised tensors by the real numbers that they stand for. */
import { type DataType, numbersOf } from "../../base/index.js";
import type { GraphBuilder } from "../graph/builder.js";
import type { Attributes, Value } from "../graph/graph.js";

/** How the integers q of a tensor stand for real numbers: (q − zero) · scale. */
export interface Scheme {
  readonly scale: Value;
  /** Undefined: 0. */
  readonly zero: Value | undefined;
  /** The attribute `axis`, where scale and zero hold a number for each index of an axis. */
  readonly attributes: Attributes;
  /** The shape in which scale and zero broadcast over the tensor, where they are no single number. */
  readonly spread?: readonly number[];
}

/** A quantised tensor: its real numbers as float32, and how they are stored. */
export interface Real {
  readonly value: Value;
  readonly type: DataType;
  readonly scheme: Scheme;
}

const ranges = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
} as const satisfies Partial<Record<DataType, readonly [number, number]>>;

/** The smallest and the largest integer of a type that quantisers write; undefined for other types. */
export function quantizedRange(type: DataType): readonly [number, number] | undefined {
  return Object.hasOwn(ranges, type) ? ranges[type as keyof typeof ranges] : undefined;
}

/** The domain of quantisers: the standard has those for 16 bits since opset 21, ONNX Runtime has them in its own. */
function domainFor(type: DataType, opset: number): string {
  return type.endsWith("16") && opset < 21 ? "com.microsoft" : "";
}

/** Writes what quantising means for real numbers. */
export class Quantizer {
  readonly #build: GraphBuilder;
  readonly #rounds: boolean;

  /** @param rounds false: numbers are only clipped to the range of the integers */
  constructor(build: GraphBuilder, rounds: boolean) {
    this.#build = build;
    this.#rounds = rounds;
  }

  /** Numbers brought to those that a scheme has. */
  quantized(x: Value, type: DataType, scheme: Scheme): Real {
    return {
      value: this.#rounds ? this.#rounded(x, type, scheme) : this.#clipped(x, type, scheme),
      type,
      scheme,
    };
  }

  /** Integers are cast, since the engine moves `DequantizeLinear` past other nodes, and errs there if types are mixed. */
  #rounded(x: Value, type: DataType, scheme: Scheme): Value {
    const domain = domainFor(type, this.#build.graph.opset);
    const [q] = this.#build.ops("QuantizeLinear", [x, ...operands(scheme)], 1, scheme.attributes, domain);
    return this.#scaled(this.#build.cast(q!, "float32"), scheme);
  }

  /** The bounds lie half a step outside the extreme integers, since rounding leads from there to these. */
  #clipped(x: Value, type: DataType, scheme: Scheme): Value {
    const [low, high] = quantizedRange(type)!;
    const at = (integer: number) => this.#scaled(this.#build.scalar(integer), scheme);
    return this.#build.min(this.#build.max(x, at(low - 0.5)), at(high + 0.5));
  }

  /** The real numbers of integers. */
  dequantized(q: Value, type: DataType, scheme: Scheme): Value {
    const domain = domainFor(type, this.#build.graph.opset);
    return this.#build.ops("DequantizeLinear", [q, ...operands(scheme)], 1, scheme.attributes, domain)[0]!;
  }

  /** The real numbers that the integers of `real` stand for under another scheme. */
  under(real: Real, scheme: Scheme): Value {
    const { scale, zero, spread } = real.scheme;
    const along = String(spread) === String(scheme.spread);
    if (along && this.#equal(scale, scheme.scale, 1) && this.#equal(zero, scheme.zero, 0)) return real.value;
    return this.#scaled(this.integers(real), scheme);
  }

  /** The integers themselves, as float32. */
  integers({ value, scheme }: Real): Value {
    const steps = this.#is(scheme.scale, 1)
      ? value
      : this.#build.div(value, this.#along(scheme.scale, scheme));
    return this.#is(scheme.zero, 0) ? steps : this.#build.add(steps, this.#zero(scheme));
  }

  /** (n − zero) · scale. */
  #scaled(n: Value, scheme: Scheme): Value {
    const shifted = this.#is(scheme.zero, 0) ? n : this.#build.sub(n, this.#zero(scheme));
    return this.#is(scheme.scale, 1) ? shifted : this.#build.mul(shifted, this.#along(scheme.scale, scheme));
  }

  #zero(scheme: Scheme): Value {
    return this.#along(this.#build.cast(scheme.zero!, "float32"), scheme);
  }

  #along(value: Value, { spread }: Scheme): Value {
    return spread === undefined ? value : this.#build.reshape(value, spread);
  }

  /** Whether a constant holds only this number; an absent zero point is 0. */
  #is(value: Value | undefined, number: number): boolean {
    return value === undefined ? number === 0 : (this.#numbers(value)?.every((n) => n === number) ?? false);
  }

  #equal(a: Value | undefined, b: Value | undefined, fallback: number): boolean {
    if (a === b) return true;
    const [left, right] = [a, b].map((value) => (value === undefined ? [fallback] : this.#numbers(value)));
    return left !== undefined && right?.length === left.length && left.every((n, i) => n === right[i]);
  }

  #numbers(value: Value): readonly number[] | undefined {
    const tensor = this.#build.graph.initializers.get(value);
    return tensor && numbersOf(tensor);
  }
}

function operands({ scale, zero }: Scheme): Value[] {
  return zero === undefined ? [scale] : [scale, zero];
}
