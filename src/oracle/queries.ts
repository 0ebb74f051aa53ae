/** Query-based models (MaskFormer, Mask2Former, EoMT, OneFormer): a semantic map from class and mask logits. */
import type { TypedShape } from "../autodiff/index.js";
import type { Graph, GraphBuilder, Value } from "../onnx/index.js";

/** The two outputs of a query-based model. */
export interface QueryOutputs {
  /** Class logits N×Q×(K+1); the last class means that the query found nothing. */
  readonly classes: Value;
  /** Mask logits N×Q×h×w. */
  readonly masks: Value;
  /** K. */
  readonly count: number;
}

/** The smallest score: its logarithm stays finite where no query claims a pixel. */
const smallestScore = 1e-12;

/**
 * The outputs of a query-based model: among the float outputs, exactly one N×Q×(K+1) and one N×Q×h×w with the same N
 * and Q. Undefined for any other model.
 */
export function findQueryOutputs(
  graph: Graph,
  types: ReadonlyMap<Value, TypedShape>,
): QueryOutputs | undefined {
  const ofRank = (rank: number) =>
    graph.outputs
      .map(({ name }) => ({ name, typed: types.get(name) }))
      .filter(({ typed }) => typed?.type === "float32" && typed.shape.length === rank)
      .map(({ name, typed }) => ({ name, shape: typed!.shape }));
  const pairs = ofRank(3).flatMap((classes) =>
    ofRank(4)
      .filter((masks) => masks.shape[0] === classes.shape[0] && masks.shape[1] === classes.shape[1])
      .map((masks) => ({ classes, masks })),
  );
  const [pair] = pairs;
  if (pair === undefined || pairs.length > 1 || pair.classes.shape[2]! < 3) return undefined;
  return { classes: pair.classes.name, masks: pair.masks.name, count: pair.classes.shape[2]! - 1 };
}

/**
 * Appends scores N×K×H×W at the image's size: Σ_q softmax(class)_k · sigmoid(mask), resized bilinearly. These models' own
 * post-processing takes the class of the largest score, and averages the scores of overlapping windows.
 */
export function appendScores(
  build: GraphBuilder,
  { classes, masks, count }: QueryOutputs,
  types: ReadonlyMap<Value, TypedShape>,
  { height, width }: { readonly height: number; readonly width: number },
): Value {
  return build.within("seawall/queries", () => {
    const [batch, queries, h, w] = types.get(masks)!.shape as [number, number, number, number];
    const probabilities = build.op("Softmax", [classes], { axis: -1 });
    const known = build.slice(probabilities, [2], [0], [count]);
    const places = build.reshape(build.op("Sigmoid", [masks]), [batch, queries, h * w]);
    const sum = build.matmul(build.transpose(known, [0, 2, 1]), places);
    const map = build.reshape(sum, [batch, count, h, w]);
    const sizes = build.ints([batch, count, height, width]);
    return h === height && w === width
      ? map
      : build.op("Resize", [map, "", "", sizes], {
          mode: "linear",
          coordinate_transformation_mode: "half_pixel",
        });
  });
}

/**
 * The logarithm of scores, as logits: it has the same largest class, and the softmax of it is the scores normalised over
 * classes, so that losses made for logits fit.
 */
export function logitsOfScores(build: GraphBuilder, scores: Value): Value {
  return build.within("seawall/queries", () => build.log(build.max(scores, smallestScore)));
}
