/** Targets: what a graph is written for. The target decides which standard operators stand for a composite one. */
import type { Device } from "../../runtime/index.js";

/**
 * `portable`: a file for any ONNX engine, in the fewest standard operators.
 * `cpu`: ONNX Runtime's CPU kernels; forms were chosen by measuring them.
 * `gpu`: CUDA and WebGPU; no form that is chosen for the CPU's kernels.
 */
export type Target = "portable" | "cpu" | "gpu";

/** The target for sessions on a device; default `cpu`, as for sessions. */
export function targetOf(device: Device = "cpu"): Target {
  return device === "cpu" ? "cpu" : "gpu";
}
