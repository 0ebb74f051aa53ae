/** Which settings say how a model is opened. */
import { SeawallError } from "../../base/index.js";
import type { ModelOptions } from "../../oracle/index.js";
import type { EvaluationConfig } from "./config.js";

type ModelSetting = "output" | "layout" | "inputRange" | "mean" | "std" | "bgr" | "window" | "stride";

/**
 * What `openModel` is told of a configuration, its image size and classes apart.
 * @throws SeawallError `config` for a stride without a window
 */
export function modelOptions(settings: Partial<Pick<EvaluationConfig, ModelSetting>>): ModelOptions {
  const { output, layout, inputRange, mean, std, bgr, window, stride } = settings;
  if (stride && !window) {
    throw new SeawallError(
      "config",
      `--stride ${stride.join("x")}: there is no window to move; add --window HxW, or leave --stride out`,
    );
  }
  return {
    ...(output !== undefined && { output }),
    ...(layout !== undefined && { inputLayout: layout, outputLayout: layout }),
    ...(inputRange && { inputRange }),
    ...(mean && { mean }),
    ...(std && { std }),
    ...(bgr !== undefined && { bgr }),
    ...(window && { window: sizeOf(window) }),
    ...(stride && { stride: sizeOf(stride) }),
  };
}

const sizeOf = ([height, width]: readonly [number, number]) => ({ height, width });
