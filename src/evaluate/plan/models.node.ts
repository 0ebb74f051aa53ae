/** The models of a run: the one that is attacked, and another whose gradients attacks follow. */
import type { AttackMember } from "../../attack/index.js";
import { plural, SeawallError } from "../../base/index.js";
import type { Components } from "../../components/index.js";
import { readModelFile } from "../../onnx/index.node.js";
import {
  findImage,
  type ImageInput,
  type ModelOpener,
  modelOpener,
  type OpenedModel,
} from "../../oracle/index.js";
import { mostThreads, type SessionOptions } from "../../runtime/index.js";
import { trialOf } from "../untrusted/trial.node.js";
import type { EvaluationConfig } from "./config.js";
import { modelOptions } from "./model-options.js";

export interface Surrogate {
  readonly file: string;
  readonly sha256: string;
  readonly model: ModelOpener;
}

export function openerOf(
  model: OpenedModel,
  config: EvaluationConfig,
  classes: number | undefined,
  { rules }: Components,
): ModelOpener {
  const engine = engineOptions(config);
  const options = { ...modelOptions(config), ...trialOf(config, engine), rules };
  return modelOpener(model, { ...options, ...(classes !== undefined && { classes }) }, engine);
}

export function engineOptions({ device, threads }: EvaluationConfig): SessionOptions {
  return { device, ...(threads !== undefined && { threads: Math.min(threads, mostThreads) }) };
}

/** @throws SeawallError `config` if transferred attacks and a surrogate do not come together */
export async function openSurrogate(
  config: EvaluationConfig,
  attacks: readonly AttackMember[],
  { channels }: ImageInput,
  classes: number,
  components: Components,
): Promise<Surrogate | undefined> {
  const transferred = attacks.find(({ attack }) => attack.gradientsOf === "surrogate")?.attack.name;
  const { surrogate: file } = config;
  if (file === undefined) {
    if (transferred === undefined) return undefined;
    throw new SeawallError(
      "config",
      `--attacks ${transferred}: a transferred attack follows the gradient of another model; name its file with --surrogate FILE`,
    );
  }
  if (transferred === undefined) {
    throw new SeawallError(
      "config",
      `--surrogate ${file}: none of the attacks (${config.attacks}) follows a gradient; add one, such as apgd:mask-ce`,
    );
  }
  const { graph, sha256 } = await readModelFile(file);
  const own = findImage(graph, config.layout).channels;
  if (own !== channels) {
    throw new SeawallError(
      "config",
      `--surrogate ${file}: it takes images of ${plural(own, "channel")}, the model of ${plural(channels, "channel")}; a surrogate takes the same images`,
    );
  }
  const model = openerOf({ graph, networks: new Map() }, config, classes, components);
  return { file, sha256, model: asSurrogate(file, model) };
}

/** An opener whose errors say that they are about a surrogate. */
export function asSurrogate(file: string, model: ModelOpener): ModelOpener {
  return {
    opened: () => model.opened(),
    at: (size) =>
      model.at(size).catch((error) => {
        if (!(error instanceof SeawallError)) throw error;
        const form =
          "a surrogate takes the same images, with the same --mean, --std, --input-range and --output, and has the same classes";
        throw new SeawallError(error.code, `--surrogate ${file}: ${error.message}; ${form}`, {
          cause: error,
        });
      }),
  };
}
