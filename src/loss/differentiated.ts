/** Losses given only by the value of a pixel: Seawall derives their gradient at the logits. */
import { differentiate } from "../autodiff/index.js";
import type { Value } from "../onnx/index.js";
import type { FamilyTerms, Loss, LossFamily } from "./loss.js";
import type { PixelTerms } from "./pixel.js";
import { typesOf } from "./types.js";

/** What the author of a loss writes down; see `Loss` for the fields that are not here. */
export interface LossValue extends Omit<Loss, "name" | "family" | "formula" | "source"> {
  readonly name?: string;
  /**
   * Writes the loss of each pixel with `pixel.build`: N×1×P, or a scalar. An attack raises it. Ignored pixels need
   * no care: they are multiplied by 0. Terms without a gradient (`correct()`, `valid()`, `label()`) are constant.
   */
  readonly value: (pixel: PixelTerms) => Value;
  readonly formula?: string;
  readonly source?: string;
}

/**
 * A loss from its value alone. Its own value, without a mask unless `value` has one, controls the step size.
 * @throws SeawallError `unsupported`, when the loss is used, for an operator without a gradient rule
 */
export function differentiated(row: LossValue & { readonly name: string }): Loss {
  return { formula: "its value alone is given", source: "user", ...row, family: familyOf(row.value) };
}

/** A family for each loss: in a shared graph, a NaN of one loss would reach the images that chose another. */
function familyOf(value: LossValue["value"]): LossFamily {
  return {
    name: "differentiated",
    write(pixel): FamilyTerms {
      const b = pixel.build;
      const own = b.mul(value(pixel), pixel.valid());
      // Before anything is made of the value, such as its sum over the image.
      const types = typesOf(b.graph, pixel.types());
      return {
        plain: b.mul(pixel.crossEntropy(), pixel.valid()),
        tracked: [own],
        values: () => [own],
        gradient(_, share) {
          const seed = b.mul(pixel.valid(), share);
          const request = { seeds: new Map([[own, seed]]), wrt: [pixel.logits], types };
          return differentiate(b, request).get(pixel.logits)!;
        },
      };
    },
  };
}
