/** Operands that do not fit each other, which the engine finds out only when it runs. */
import type { TypedShape } from "../autodiff/index.js";
import { SeawallError, sizeOf } from "../base/index.js";
import { attribute, describeNode, type Graph, type Node, type Value } from "../onnx/index.js";

/**
 * Checks operators whose output's shape says nothing of what they read.
 * @throws SeawallError `model`, naming the node and both sizes
 */
export function refuseMisfits({ nodes }: Graph, types: ReadonlyMap<Value, TypedShape>): void {
  for (const node of nodes.filter(({ domain }) => domain === "")) {
    const shape = (value: Value | undefined) => types.get(value ?? "")?.shape;
    const misfit = misfits[node.op]?.(
      node,
      shape(node.inputs[0]),
      shape(node.inputs[1]),
      shape(node.outputs[0]),
    );
    if (misfit) throw new SeawallError("model", `${describeNode(node)} ${misfit}`);
  }
}

type Shape = readonly number[] | undefined;

/** What is wrong, by operator, for the shapes of two operands and of the output; undefined if nothing is. */
const misfits: Readonly<
  Record<string, (node: Node, data: Shape, kernel: Shape, made: Shape) => string | undefined>
> = {
  Reshape: (_, data, __, made) =>
    data && made && sizeOf(data) !== sizeOf(made)
      ? `makes [${made.join(", ")}] of [${data.join(", ")}], which has another number of elements`
      : undefined,
  Conv: (node, data, kernel) => channels(data?.[1], kernel && kernel[1]! * attribute.int(node, "group", 1)),
  ConvTranspose: (_, data, kernel) => channels(data?.[1], kernel?.[0]),
};

function channels(given: number | undefined, wanted: number | undefined): string | undefined {
  if (given === wanted || given === undefined || wanted === undefined) return undefined;
  return `reads ${given} channels, and its kernel has weights for ${wanted}`;
}
