/** Convolutions and matrix products that ONNX Runtime fused with what follows or precedes them. */
import { attribute, float } from "../graph/attributes.js";
import type { Value } from "../graph/graph.js";
import { fusedActivation } from "./activation.js";
import { addUp, type Expansion, type ExpansionContext, rankOf } from "./expansion.js";

/** activation(Conv(x, w, b) + z). */
const fusedConv: Expansion = (context) => {
  const { build, node, required, optional } = context;
  const { activation: _, activation_params: __, ...convolution } = node.attributes;
  const bias = optional(2);
  const inputs = [required(0), required(1), ...(bias === undefined ? [] : [bias])];
  const product = build.op("Conv", inputs, convolution);
  const parameters = attribute.floats(node, "activation_params", []);
  return [fusedActivation(context, addUp(build, product, optional(3)), parameters)];
};

/** activation(α·A·B + β·C). */
const fusedGemm: Expansion = (context) => {
  const { build, node, required, optional } = context;
  const c = optional(2);
  const product = build.op("Gemm", [required(0), required(1), ...(c === undefined ? [] : [c])], {
    alpha: float(attribute.float(node, "alpha", 1)),
    beta: float(attribute.float(node, "beta", 1)),
    transA: attribute.int(node, "transA", 0),
    transB: attribute.int(node, "transB", 0),
  });
  const parameters = ["alpha", "beta", "gamma"].map((name) =>
    attribute.optionalFloat(node, `activation_${name}`),
  );
  return [fusedActivation(context, product, parameters)];
};

/** α·A·B, each factor transposed first where an attribute says so. */
const fusedMatMul: Expansion = (context) => {
  const { build, node, required, scalar } = context;
  const factor = (i: number, side: "A" | "B") => {
    const swap = attribute.int(node, `trans${side}`, 0) === 1;
    const lead = attribute.int(node, `transBatch${side}`, 0) === 1;
    return swap || lead ? transposedFactor(context, required(i), swap, lead) : required(i);
  };
  const product = build.matmul(factor(0, "A"), factor(1, "B"));
  const alpha = attribute.float(node, "alpha", 1);
  return [alpha === 1 ? product : build.mul(product, scalar(alpha, product))];
};

/** @param lead the first axis is moved behind the batch axes @param swap the last two axes change places */
function transposedFactor(context: ExpansionContext, value: Value, swap: boolean, lead: boolean): Value {
  const axes = Array.from({ length: rankOf(context, value) }, (_, axis) => axis);
  const batch = axes.slice(lead ? 1 : 0, lead ? -1 : -2);
  const [row, column] = lead ? [axes[0]!, axes.at(-1)!] : [axes.at(-2)!, axes.at(-1)!];
  return context.build.transpose(value, [...batch, ...(swap ? [column, row] : [row, column])]);
}

export const products: Readonly<Record<string, Expansion>> = {
  FusedConv: fusedConv,
  FusedGemm: fusedGemm,
  FusedMatMul: fusedMatMul,
  TransposeMatMul: fusedMatMul,
};
