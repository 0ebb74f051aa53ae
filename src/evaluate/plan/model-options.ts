/** Which settings say how a model is opened. */
import type { OpenModelOptions } from "../../oracle/index.js";
import type { EvaluationConfig } from "./config.js";

type ModelSetting = "output" | "layout" | "inputRange" | "mean" | "std" | "bgr";

/** What `openModel` is told of a configuration, its image size and classes apart. */
export function modelOptions(settings: Partial<Pick<EvaluationConfig, ModelSetting>>): OpenModelOptions {
  const { output, layout, inputRange, mean, std, bgr } = settings;
  return {
    ...(output !== undefined && { output }),
    ...(layout !== undefined && { inputLayout: layout, outputLayout: layout }),
    ...(inputRange && { inputRange }),
    ...(mean && { mean }),
    ...(std && { std }),
    ...(bgr !== undefined && { bgr }),
  };
}
