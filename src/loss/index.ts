/** Pixel losses as graph fragments. Knows neither model nor attack. */
export {
  type AppendedLoss,
  type AppendOptions,
  appendLoss,
  appendPrediction,
  appendScore,
} from "./append.js";
export { type ClassValues, classValues, type SetCounts } from "./class-values.js";
export { differentiated, type LossValue } from "./differentiated.js";
export type { FamilyTerms, Loss, LossFamily, Tracking } from "./loss.js";
export { isPerPixel, type LossName, losses } from "./losses.js";
export { type LossInputs, type PixelTerms, validPixels } from "./pixel.js";
export { type SoftmaxLoss, softmaxFamily } from "./softmax.js";
export { type SphericalLoss, sphericalFamily } from "./spherical.js";
