/** The table of changes between opsets: operator → opset that changed it → function from the older form. */
import { int64, SeawallError } from "../../base/index.js";
import { attribute } from "../graph/attributes.js";
import { describeNode } from "../graph/graph.js";
import { becomeInputs, type Change, scalarLike, withAttributes, withInputs } from "./change.js";
import {
  fromFiveOutputs,
  fromFlattening,
  fromGroupScale,
  fromRatio,
  fromSpatial,
  settleDropout,
} from "./normalization.js";
import { fromResize10, fromResize11, settleResize } from "./resize.js";

export type { Surroundings } from "./change.js";

/** A default value that changed: writes the old default as an attribute. */
const defaults = (name: string, value: string): Change => {
  return (node) => withAttributes(node, { [name]: attribute.string(node, name, value) });
};

const renamed = (op: string): Change => {
  return (node) => ({ ...node, op });
};

const clipBounds: Change = (node, around) => {
  const x = node.inputs[0]!;
  const bounds = ["min", "max"].map((name) => {
    const bound = attribute.optionalFloat(node, name);
    return bound === undefined ? "" : scalarLike(around, x, bound);
  });
  return withAttributes(withInputs(node, [x, ...bounds]), { min: undefined, max: undefined });
};

const padAmounts: Change = (node, around) => {
  const padded = becomeInputs("pads")(node, around);
  const value = attribute.float(node, "value", 0);
  const fill = value === 0 ? [] : [scalarLike(around, node.inputs[0]!, value)];
  return withAttributes(withInputs(padded, [...padded.inputs, ...fill]), { value: undefined });
};

const upsampleScales: Change = (node, { build }) => {
  const scales = attribute.floats(node, "scales", []);
  const value = build.constant({ type: "float32", dims: [scales.length], data: Float32Array.from(scales) });
  return withAttributes(withInputs(node, [node.inputs[0], value]), { scales: undefined });
};

/** Since opset 18, Split without lengths needs the number of parts. */
const splitParts: Change = (node) =>
  node.inputs[1] ? node : withAttributes(node, { num_outputs: node.outputs.length });

const gridModes: Change = (node) => {
  const mode = attribute.string(node, "mode", "bilinear");
  return withAttributes(node, { mode: { bilinear: "linear", bicubic: "cubic" }[mode] ?? mode });
};

const transformAxis: Change = (node, { build }) => {
  const axis = build.constant(int64([], [attribute.int(node, "axis", 1)]));
  return withAttributes(withInputs(node, [node.inputs[0], node.inputs[1], axis]), { axis: undefined });
};

const ended = (what: string): Change => {
  return (node) => {
    throw new SeawallError("unsupported", `${describeNode(node)}: ${what}; export with a newer opset`);
  };
};

const axesInput = becomeInputs("axes");

const table: Readonly<Record<string, Readonly<Record<number, Change>>>> = {
  BatchNormalization: { 9: fromSpatial, 14: fromFiveOutputs },
  Clip: { 11: clipBounds },
  DFT: { 20: transformAxis },
  Dropout: { 12: fromRatio },
  GridSample: { 20: gridModes },
  GroupNormalization: { 21: fromGroupScale },
  Hardmax: { 13: fromFlattening },
  LogSoftmax: { 13: fromFlattening },
  Pad: { 11: padAmounts },
  ReduceL1: { 18: axesInput },
  ReduceL2: { 18: axesInput },
  ReduceLogSum: { 18: axesInput },
  ReduceLogSumExp: { 18: axesInput },
  ReduceMax: { 18: axesInput },
  ReduceMean: { 18: axesInput },
  ReduceMin: { 18: axesInput },
  ReduceProd: { 18: axesInput },
  ReduceSum: { 13: axesInput },
  ReduceSumSquare: { 18: axesInput },
  Resize: { 11: fromResize10, 13: fromResize11 },
  RoiAlign: { 16: defaults("coordinate_transformation_mode", "output_half_pixel") },
  Scan: { 9: ended("the batch dimension of Scan ended with opset 8") },
  Scatter: { 11: renamed("ScatterElements") },
  Slice: { 10: becomeInputs("starts", "ends", "axes") },
  Softmax: { 13: fromFlattening },
  Split: { 13: becomeInputs("split"), 18: splitParts },
  Squeeze: { 13: axesInput },
  TopK: { 10: becomeInputs("k") },
  Unsqueeze: { 13: axesInput },
  Upsample: { 9: upsampleScales, 10: renamed("Resize") },
};

export const changes: ReadonlyMap<string, ReadonlyMap<number, Change>> = new Map(
  Object.entries(table).map(([op, rows]) => [
    op,
    new Map(Object.entries(rows).map(([version, change]) => [Number(version), change])),
  ]),
);

/** Operators with several equivalent forms in one opset, and the change to the form that is kept. */
export const settled: ReadonlyMap<string, Change> = new Map(
  Object.entries({
    Dropout: settleDropout,
    Resize: settleResize,
  }),
);
