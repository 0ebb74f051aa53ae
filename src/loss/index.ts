/** Pixel losses as graph fragments. Knows neither model nor attack. */
export { type AppendedLoss, type AppendOptions, appendLoss } from "./append.js";
export type { Loss, LossName, SoftmaxLoss, SphericalLoss, Tracking } from "./loss.js";
export { losses } from "./losses.js";
export type { LossInputs } from "./pixel.js";
