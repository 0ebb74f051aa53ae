/** Options of an export, and the written graph as its check reads it. */
import type { Graph, Node, Value } from "../onnx/index.js";

export interface ExportOptions {
  /**
   * `ce`: adds the input `labels` and the outputs `logits`, `loss` and `grad` (cross-entropy, mean over the
   * pixels of an image that count). `none`: adds the input `output_grad` and the output `grad`.
   */
  readonly loss: "ce" | "none";
  /** Shape of the (first) differentiated input, where the file leaves it open. */
  readonly inputShape?: readonly number[];
  /** One output `grad/NAME` for each trainable initializer. */
  readonly params?: boolean;
  /** Float inputs to differentiate, for `none`; default: all. One gives `grad`, several `grad/NAME`. */
  readonly wrt?: readonly string[];
  readonly output?: string;
  /** The label that counts nowhere; default −1. */
  readonly ignoreLabel?: number;
  /** Compare with finite differences before returning; default true. */
  readonly check?: boolean;
}

/** A gradient graph and the sizes that its check needs. */
export interface Written {
  readonly graph: Graph;
  readonly notices: readonly string[];
  /** The differentiated input that the check moves. */
  readonly input: Value;
  readonly inputShape: readonly number[];
  /** Number of classes, and shape of the labels or of the output. */
  readonly classes: number;
  readonly seedShape: readonly number[];
  /** The first node by which the model jumps as the input changes. */
  readonly jump: Node | undefined;
  /** For a quantised model, the same graph on real numbers that are clipped and not rounded. */
  readonly smooth?: () => Promise<Graph>;
}
