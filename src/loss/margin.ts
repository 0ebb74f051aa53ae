/** Margin loss (Carlini and Wagner 2017): the largest other logit minus the label's, given by its value. */
import { differentiated } from "./differentiated.js";

export const margin = differentiated({
  name: "margin",
  value: ({ build: b, ...pixel }) => b.neg(pixel.margin()),
  formula: "max_{j≠y} u_j − u_y",
  source: "Carlini and Wagner 2017",
});
