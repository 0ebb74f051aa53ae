/** The end of a model that averages windows: from sums over the windows that see a pixel to its logits. */
import type { TypedShape } from "../../autodiff/index.js";
import type { SegmentationModel } from "../../compile/index.js";
import { emptyGraph, GraphBuilder, type Value } from "../../onnx/index.js";
import type { Extent } from "./grid.js";

/** Name of the input 1×1×H×W that holds how many windows see each pixel. */
export const countsName = "seawall/counts";

/** Appends logits to the mean of what windows say, where these do not say logits. */
export type LogitsOfMean = (build: GraphBuilder, mean: Value) => Value;

/**
 * A segmentation model whose image is the sums, 1×K×H×W, over a network's windows, and whose logits come from their
 * mean. So losses, predictions and the gradient at the sums come from the programs that every model has.
 * @param part the rows of the image that it sees
 * @param imagePixels pixels of the whole image
 */
export function meanOfWindows(
  { graph: { opset }, classes }: SegmentationModel,
  { height, width }: Extent,
  imagePixels: number,
  logitsOfMean: LogitsOfMean = (_, mean) => mean,
): SegmentationModel {
  const build = new GraphBuilder(emptyGraph("windows", opset));
  const shape = [1, classes, height, width];
  const sums = build.input("seawall/sums", "float32", shape);
  const counts = build.input(countsName, "float32", [1, 1, height, width]);
  const logits = logitsOfMean(build, build.div(sums, counts));
  build.output(logits);
  const { graph } = build;
  const types = new Map<Value, TypedShape>([
    [sums, { type: "float32", shape }],
    [counts, { type: "float32", shape: [1, 1, height, width] }],
    ...[...graph.initializers].map(([name, { type, dims }]) => [name, { type, shape: dims }] as const),
    ...graph.nodes.map(({ outputs }) => [outputs[0]!, { type: "float32", shape }] as const),
  ]);
  return {
    graph,
    types,
    batch: 1,
    classes,
    channels: classes,
    height,
    width,
    image: sums,
    logits,
    differentiated: logits,
    imagePixels,
  };
}
