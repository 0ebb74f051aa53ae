/** Small quantised networks, in each form that ONNX and ONNX Runtime have for them. */
import { readFileSync } from "node:fs";
import { arrayConstructors, type DataType, float32, sizeOf, type Tensor } from "../../src/base/index.js";
import { emptyGraph, float, type Graph, GraphBuilder, type Value } from "../../src/onnx/index.js";

export interface GoldenScheme {
  readonly type: "int8" | "uint8";
  readonly scale: number;
  readonly zero: number;
}

/** What `tools/quantised_golden.py` writes. */
export const golden = JSON.parse(
  readFileSync(new URL("../golden/quantised.json", import.meta.url), "utf8"),
) as {
  readonly convolutional: {
    readonly schemes: Readonly<Record<string, GoldenScheme>>;
    readonly image: number[];
    readonly first: { readonly data: number[]; readonly scales: number[]; readonly bias: number[] };
    readonly second: { readonly data: number[]; readonly scale: number };
    readonly seed: number[];
    readonly logits: number[];
    readonly gradient: number[];
  };
  readonly products: {
    readonly schemes: Readonly<Record<string, GoldenScheme>>;
    readonly x: number[];
    readonly first: number[];
    readonly second: number[];
    readonly scales: readonly [number, number];
    readonly bias: number[];
    readonly seed: number[];
    readonly output: number[];
    readonly gradient: number[];
  };
  readonly dynamic: {
    readonly x: number[];
    readonly kernel: number[];
    readonly matrix: number[];
    readonly scale: number;
    readonly zero: number;
    readonly seed: number[];
    readonly output: number[];
    readonly gradient: number[];
  };
};

export function integers(
  type: Exclude<DataType, "string" | "int64" | "uint64">,
  dims: readonly number[],
  data: readonly number[],
): Tensor {
  return { type, dims, data: new arrayConstructors[type](data) } as Tensor;
}

const microsoft = "com.microsoft";

/** Writes operators in one of both static forms: `qdq` as floats between quantisers, `integers` as QLinear operators. */
class Writer {
  readonly build: GraphBuilder;
  readonly #form: "qdq" | "integers";

  constructor(name: string, form: "qdq" | "integers") {
    this.build = new GraphBuilder(emptyGraph(name, 20));
    this.build.graph.domains.set(microsoft, 1);
    this.#form = form;
  }

  scheme({ type, scale, zero }: GoldenScheme): readonly [Value, Value] {
    return [this.build.scalar(scale), this.build.constant(integers(type, [], [zero]))];
  }

  quantize(x: Value, scheme: GoldenScheme): Value {
    return this.build.op("QuantizeLinear", [x, ...this.scheme(scheme)]);
  }

  dequantize(q: Value, scheme: GoldenScheme): Value {
    return this.build.op("DequantizeLinear", [q, ...this.scheme(scheme)]);
  }

  /** An operator on quantised tensors: `integer` names that of ONNX Runtime. */
  apply(
    op: string,
    integer: string,
    inputs: readonly (readonly [Value, GoldenScheme])[],
    to: GoldenScheme,
    attributes = {},
  ): Value {
    if (this.#form === "qdq") {
      const reals = inputs.map(([q, scheme]) => this.dequantize(q, scheme));
      return this.quantize(this.build.op(op, reals, attributes), to);
    }
    const parts = inputs.flatMap(([q, scheme]) => [q, ...this.scheme(scheme)]);
    const output = this.scheme(to);
    const operands = integer === "QLinearConcat" ? [...output, ...parts] : [...parts, ...output];
    return this.build.ops(integer, operands, 1, attributes, microsoft)[0]!;
  }

  /** Conv with an int8 kernel and an int32 bias. */
  conv(
    [q, scheme]: readonly [Value, GoldenScheme],
    kernel: Tensor,
    scales: readonly number[],
    to: GoldenScheme,
    { bias, attributes = {} }: { bias?: readonly number[]; attributes?: object },
  ): Value {
    const { build } = this;
    const shape = scales.length === 1 ? [] : [scales.length];
    const [weights, steps] = [build.constant(kernel), build.constant(float32(shape, scales))];
    const zero = build.constant(
      integers(
        "int8",
        shape,
        scales.map(() => 0),
      ),
    );
    const sums = bias && build.constant(integers("int32", [bias.length], bias));
    if (this.#form === "integers") {
      const inputs = [
        q,
        ...this.scheme(scheme),
        weights,
        steps,
        zero,
        ...this.scheme(to),
        ...(sums ? [sums] : []),
      ];
      return build.op("QLinearConv", inputs, { ...attributes });
    }
    const real = build.op("DequantizeLinear", [weights, steps, zero], { axis: 0 });
    const fine = build.constant(
      float32(
        shape,
        scales.map((s) => s * scheme.scale),
      ),
    );
    const offset = sums ? [build.op("DequantizeLinear", [sums, fine], { axis: 0 })] : [];
    const inputs = [this.dequantize(q, scheme), real, ...offset];
    return this.quantize(build.op("Conv", inputs, { ...attributes }), to);
  }
}

/** `image` 1×3×6×6 → `logits` 1×3×3×3, as `convolutional()` of the generator. */
export function convolutionalModel(form: "qdq" | "integers"): Graph {
  const { schemes, first, second } = golden.convolutional;
  const s = (name: string) => schemes[name]!;
  const w = new Writer(`convolutional ${form}`, form);
  const x = w.quantize(w.build.input("image", "float32", [1, 3, 6, 6]), s("image"));
  const a = w.conv([x, s("image")], integers("int8", [4, 3, 3, 3], first.data), first.scales, s("conv"), {
    bias: first.bias,
    attributes: { pads: [1, 1, 1, 1], kernel_shape: [3, 3] },
  });
  const b = w.apply("LeakyRelu", "QLinearLeakyRelu", [[a, s("conv")]], s("leaky"), { alpha: float(0.2) });
  const c = w.apply(
    "Add",
    "QLinearAdd",
    [
      [a, s("conv")],
      [b, s("leaky")],
    ],
    s("sum"),
  );
  const d = w.apply("Sigmoid", "QLinearSigmoid", [[c, s("sum")]], s("gate"));
  const e = w.apply(
    "Mul",
    "QLinearMul",
    [
      [c, s("sum")],
      [d, s("gate")],
    ],
    s("product"),
  );
  const window = { kernel_shape: [2, 2], strides: [2, 2] };
  const largest = w.build.op("MaxPool", [e], window);
  const means = w.apply("AveragePool", "QLinearAveragePool", [[d, s("gate")]], s("product"), window);
  const joined = w.apply(
    "Concat",
    "QLinearConcat",
    [
      [largest, s("product")],
      [means, s("product")],
    ],
    s("joined"),
    { axis: 1 },
  );
  const kernel = integers("int8", [3, 8, 1, 1], second.data);
  const logits = w.conv([joined, s("joined")], kernel, [second.scale], s("logits"), {
    attributes: { kernel_shape: [1, 1] },
  });
  w.build.output(w.dequantize(logits, s("logits")), "logits");
  return w.build.graph;
}

/** `x` 5×4 → `y` 5×3, as `products()` of the generator. */
export function productsModel(form: "qdq" | "integers"): Graph {
  const { schemes, first, second, scales, bias } = golden.products;
  const s = (name: string) => schemes[name]!;
  const w = new Writer(`products ${form}`, form);
  const { build } = w;
  const x = w.quantize(build.input("x", "float32", [5, 4]), s("x"));
  const matrices = [
    [build.constant(integers("int8", [4, 6], first)), { type: "int8", scale: scales[0], zero: 0 }],
    [build.constant(integers("int8", [6, 3], second)), { type: "int8", scale: scales[1], zero: 0 }],
  ] as const;
  const sums = build.constant(integers("int32", [3], bias));
  let mapped: Value;
  if (form === "qdq") {
    const hidden = w.apply("MatMul", "", [[x, s("x")], matrices[0]], s("hidden"));
    const step = build.scalar(s("hidden").scale * scales[1]);
    const offset = build.op("DequantizeLinear", [sums, step]);
    const product = build.op("Gemm", [
      w.dequantize(hidden, s("hidden")),
      w.dequantize(...matrices[1]),
      offset,
    ]);
    mapped = w.quantize(product, s("mapped"));
  } else {
    const operands = (q: Value, scheme: GoldenScheme) => [q, ...w.scheme(scheme)];
    const hidden = build.op("QLinearMatMul", [
      ...operands(x, s("x")),
      ...operands(...matrices[0]),
      ...w.scheme(s("hidden")),
    ]);
    const inputs = [
      ...operands(hidden, s("hidden")),
      ...operands(...matrices[1]),
      sums,
      ...w.scheme(s("mapped")),
    ];
    mapped = build.ops("QGemm", inputs, 1, {}, microsoft)[0]!;
  }
  const shares = w.apply("Softmax", "QLinearSoftmax", [[mapped, s("mapped")]], s("shares"), {
    axis: 1,
    ...(form === "integers" && { opset: 13 }),
  });
  build.output(w.dequantize(shares, s("shares")), "y");
  return build.graph;
}

/** `x` 1×2×4×4 → `y` 1×3×4×5 with ranges measured at run time, as `dynamic()` of the generator. */
export function dynamicModel(form: "standard" | "fused"): Graph {
  const { kernel, matrix, scale, zero } = golden.dynamic;
  const build = new GraphBuilder(emptyGraph(`dynamic ${form}`, 20));
  build.graph.domains.set(microsoft, 1);
  const [weights, columns] = [
    build.constant(integers("uint8", [3, 2, 3, 3], kernel)),
    build.constant(integers("uint8", [4, 5], matrix)),
  ];
  const offset = build.constant(integers("uint8", [], [zero]));
  const scaled = (sums: Value, step: Value) => build.mul(build.cast(sums, "float32"), build.mul(step, scale));
  const [q, step, at] = build.ops("DynamicQuantizeLinear", [build.input("x", "float32", [1, 2, 4, 4])], 3);
  const sums = build.op("ConvInteger", [q!, weights, at!, offset], {
    pads: [1, 1, 1, 1],
    kernel_shape: [3, 3],
  });
  const mapped = build.op("Tanh", [scaled(sums, step!)]);
  if (form === "fused") {
    const inputs = [mapped, columns, build.scalar(scale), offset];
    build.output(build.ops("DynamicQuantizeMatMul", inputs, 1, {}, microsoft)[0]!, "y");
  } else {
    const [r, next, around] = build.ops("DynamicQuantizeLinear", [mapped], 3);
    const product = build.op("MatMulInteger", [r!, columns, around!, offset]);
    build.output(scaled(product, next!), "y");
  }
  return build.graph;
}

/** Elements of a float tensor of a shape. */
export function filled(dims: readonly number[], data: readonly number[]): Tensor<"float32"> {
  if (sizeOf(dims) !== data.length) throw new Error(`${data.length} numbers for [${dims}]`);
  return float32(dims, data);
}
