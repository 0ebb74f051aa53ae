/** Focal loss (Lin et al. 2017), given by its value: looks away from pixels that are sure. */
import { differentiated } from "./differentiated.js";

export const focal = differentiated({
  name: "focal",
  value: ({ build: b, ...pixel }) => b.mul(b.pow(b.sub(1, pixel.probability()), 2), pixel.crossEntropy()),
  formula: "(1 − p_y)² · CE",
  source: "Lin et al. 2017",
});
