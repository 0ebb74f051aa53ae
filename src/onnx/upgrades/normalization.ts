/** Changes of softmax, dropout, batch and group normalization between opsets. */
import { SeawallError, type Tensor } from "../../base/index.js";
import { attribute, attributesOf } from "../graph/attributes.js";
import { describeNode } from "../graph/graph.js";
import { type Change, withAttributes, withInputs } from "./change.js";

/** Before opset 13 these operators flattened their input to a matrix at `axis`, by default 1. */
export const fromFlattening: Change = (node, { build, facts }) => {
  const x = node.inputs[0]!;
  const axis = attribute.int(node, "axis", 1);
  const rank = facts.of(x).rank;
  const last = axis === -1 || axis + 1 === rank;
  if (last) return withAttributes(node, { axis: -1 });
  const matrix = build.op("Flatten", [x], { axis });
  const result = build.op(node.op, [matrix], { axis: -1 });
  return {
    ...node,
    op: "Reshape",
    inputs: [result, build.op("Shape", [x])],
    attributes: {},
  };
};

export const fromSpatial: Change = (node) => {
  if (attribute.int(node, "spatial", 1) === 1) return withAttributes(node, { spatial: undefined });
  throw new SeawallError(
    "unsupported",
    `${describeNode(node)}: normalization per pixel (spatial = 0) ended with opset 8; export with one mean per channel`,
  );
};

/** Before opset 14, more than one output meant training mode. */
export const fromFiveOutputs: Change = (node, { isRead }) => {
  const [y, mean, variance, ...saved] = node.outputs;
  if (!mean && !variance && !saved.some(Boolean)) return { ...node, outputs: [y!] };
  const read = saved.find(isRead);
  if (read === undefined) {
    return withAttributes({ ...node, outputs: [y!, mean ?? "", variance ?? ""] }, { training_mode: 1 });
  }
  throw new SeawallError(
    "unsupported",
    `${describeNode(node)}: its output "${read}", made in training only, ended with opset 13; export the model in inference mode (eval())`,
  );
};

/** The mask output is useful in training only, and had another type before opset 12. */
export const fromRatio: Change = (node, { isRead }) => {
  const [y, mask] = node.outputs;
  if (!isRead(mask)) return withAttributes({ ...node, outputs: [y!] }, { ratio: undefined });
  throw new SeawallError(
    "unsupported",
    `${describeNode(node)}: the graph reads its mask "${mask}"; export the model in inference mode (eval()) or with opset 12 or later`,
  );
};

const yes: Tensor = { type: "bool", dims: [1], data: Uint8Array.of(1) };

/** Dropout in inference becomes Identity. A node whose training input is not constant false stays as it is. */
export const settleDropout: Change = (node, { build, constant, isRead }) => {
  const [x, , training] = node.inputs;
  if (training && constant(training)?.data[0] !== 0) return node;
  const [y, mask] = node.outputs;
  if (mask && isRead(mask)) {
    build.graph.nodes.push({
      ...node,
      op: "ConstantOfShape",
      name: build.fresh("mask"),
      inputs: [build.op("Shape", [x!])],
      outputs: [mask],
      attributes: attributesOf({ value: yes }),
    });
  }
  return { ...node, op: "Identity", inputs: [x!], outputs: [y!], attributes: {} };
};

/** Opset 18 has a scale per group, opset 21 per channel: each group's scale is repeated for its channels. */
export const fromGroupScale: Change = (node, { build }) => {
  const [x, scale, bias] = node.inputs;
  const groups = attribute.int(node, "num_groups", 1);
  const channels = build.op("Shape", [x!], { start: 1, end: 2 });
  const perGroup = build.div(channels, build.ints([groups]));
  const repeats = build.concat([build.ints([groups]), perGroup], 0);
  const perChannel = (factor: string | undefined) =>
    build.reshape(build.op("Expand", [build.op("Unsqueeze", [factor!, build.ints([1])]), repeats]), [-1]);
  return withInputs(node, [x, perChannel(scale), perChannel(bias)]);
};
