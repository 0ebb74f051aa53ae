/** Changes of Resize between opsets: opset 10 has no coordinate modes, opset 11 has one that later opsets lack. */
import { float32, numbersOf, SeawallError } from "../../base/index.js";
import { attribute } from "../graph/attributes.js";
import { describeNode, type Node } from "../graph/graph.js";
import { type Change, type Surroundings, withAttributes, withInputs } from "./change.js";

/** Opset 10 samples at x / scale. Its nearest mode rounds down when enlarging and up when shrinking. */
export const fromResize10: Change = (node, around) => {
  const resize = withAttributes(node, { coordinate_transformation_mode: "asymmetric" });
  const [x, scales] = node.inputs;
  if (attribute.string(node, "mode", "nearest") !== "nearest") return withInputs(resize, [x, "", scales]);

  const factors = constantScales(node, around);
  const enlarged = withAttributes(resize, { nearest_mode: "floor" });
  if (!factors?.some((factor) => factor < 1)) return withInputs(enlarged, [x, "", scales]);
  const shrunk = withAttributes(resize, { nearest_mode: "ceil" });
  if (!factors.some((factor) => factor > 1)) return withInputs(shrunk, [x, "", scales]);

  // A node rounds in the same way on all axes, so enlarged and shrunk axes need a node each.
  const part = (bound: (a: number, b: number) => number) =>
    around.build.constant(
      float32(
        [factors.length],
        factors.map((factor) => bound(1, factor)),
      ),
    );
  const grown = around.build.op("Resize", [x!, "", part(Math.max)], enlarged.attributes);
  return withInputs(shrunk, [grown, "", part(Math.min)]);
};

function constantScales(node: Node, { constant }: Surroundings): number[] | undefined {
  const scales = constant(node.inputs[1]);
  return scales && numbersOf(scales);
}

/** Opset 13 has no `tf_half_pixel_for_nn`, which is `half_pixel` plus ½: another rounding gives the same result. */
export const fromResize11: Change = (node) => {
  if (attribute.string(node, "coordinate_transformation_mode", "") !== "tf_half_pixel_for_nn") return node;
  const rounding = attribute.string(node, "nearest_mode", "round_prefer_floor");
  const raised = { floor: "round_prefer_ceil", round_prefer_floor: "ceil" }[rounding];
  if (raised === undefined || attribute.string(node, "mode", "nearest") !== "nearest") {
    throw new SeawallError(
      "unsupported",
      `${describeNode(node)}: coordinates tf_half_pixel_for_nn with mode ${attribute.string(node, "mode", "nearest")} and rounding ${rounding} ended with opset 12; export with half_pixel`,
    );
  }
  return withAttributes(node, { coordinate_transformation_mode: "half_pixel", nearest_mode: raised });
};

/** Removes a region of interest that the coordinate mode does not read, and scales or sizes that are empty lists. */
export const settleResize: Change = (node, { constant }) => {
  const [x, roi, scales, sizes] = node.inputs;
  const crops =
    attribute.string(node, "coordinate_transformation_mode", "half_pixel") === "tf_crop_and_resize";
  const given = (value: string | undefined) => (constant(value)?.data.length === 0 ? "" : value);
  return withInputs(node, [x, crops ? roi : "", given(scales), given(sizes)]);
};
