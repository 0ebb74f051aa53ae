/** The weights that a training begins with: drawn, or of a checkpoint. */
import { SeawallError, type Tensor } from "../../base/index.js";
import {
  architectures,
  architecturesFor,
  fitWeights,
  initialWeights,
  type ParameterSpec,
  translateCheckpoint,
} from "../../nn/index.js";
import { readWeightsFile } from "../../weights/index.node.js";
import type { TrainingConfig } from "../settings/config.js";

export interface BeginningWeights {
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly notices: readonly string[];
}

/**
 * What the checkpoint `init` holds, the rest (all of it without a checkpoint) drawn from the seed.
 * @throws SeawallError `weights` naming the file, if it is of another network
 */
export async function beginningWeights(
  parameters: readonly ParameterSpec[],
  { init, architecture, seed }: TrainingConfig,
): Promise<BeginningWeights> {
  if (init === undefined) return { weights: initialWeights(parameters, seed), notices: [] };
  const { tensors } = await readWeightsFile(init);
  try {
    const translation = translateCheckpoint(tensors, architectures[architecture].family);
    const fitted = fitWeights(parameters, translation, { allowMissing: true, seed });
    return { weights: fitted.weights, notices: [...translation.notices, ...fitted.notices] };
  } catch (error) {
    if (!(error instanceof SeawallError)) throw error;
    const fitting = architecturesFor(tensors);
    const hint = fitting.length > 0 ? `. It fits ${fitting.join(", ")}` : "";
    throw new SeawallError(error.code, `${init}: ${architecture}: ${error.message}${hint}`, { cause: error });
  }
}
