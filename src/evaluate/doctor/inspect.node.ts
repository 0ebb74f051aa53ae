/** Everything that is worth knowing before a long run: machine, engine, model, data, and what the run will cost. */

import { readModelFile } from "../../onnx/index.node.js";
import { findImage, type Model } from "../../oracle/index.js";
import { examineCost } from "./cost.node.js";
import { type ExaminedData, examineData, firstSamples, type WantedChannels } from "./data.node.js";
import type { Finding, Settings } from "./finding.js";
import { examineInput } from "./input.node.js";
import { type LabelTally, labelFindings } from "./labels.js";
import { examineEngine, examineMachine } from "./machine.node.js";
import { examineModel } from "./model.node.js";

export interface Inspection {
  readonly findings: readonly Finding[];
  /** Label counts of the images that were read; undefined if no labels were read. */
  readonly labels: LabelTally | undefined;
  readonly classNames: readonly string[] | undefined;
}

/** Enough for a guess; each is predicted once for every usual form of pixels. */
const guessImages = 3;

/** Looks at whatever the settings name; nothing of it is needed. What a user can mend becomes a finding. */
export async function inspect(settings: Settings): Promise<Inspection> {
  const channels = await wantedChannels(settings);
  const data = settings.data === undefined ? undefined : await examineData(settings.data, settings, channels);
  const fitting = async (model: Model) => (await firstSamples(settings.data!, settings, model, 1))[0]!;
  const model =
    settings.model === undefined
      ? undefined
      : await examineModel(settings.model, settings, data?.first, fitting);
  const labels = data?.tally;
  return {
    findings: [
      ...examineMachine(),
      ...(await examineEngine()),
      ...(model?.findings ?? []),
      ...(await guessInput(settings, model?.model, data)),
      ...(data?.findings.list ?? []),
      ...(labels ? labelFindings(labels, model?.model?.classes) : []),
      ...(model?.model && data?.first ? await examineCost(settings) : []),
    ],
    labels,
    classNames: data?.classNames,
  };
}

/** What is wrong with the model is found when it is opened. */
async function wantedChannels({ model, layout }: Settings): Promise<WantedChannels> {
  if (model === undefined) return "stored";
  try {
    return findImage((await readModelFile(model)).graph, layout).channels;
  } catch {
    return "stored";
  }
}

async function guessInput(
  settings: Settings,
  model: Model | undefined,
  data: ExaminedData | undefined,
): Promise<Finding[]> {
  // In a wrong range, every form of pixels that the model might want is wrong as well.
  if (!model || !data?.tally || data.isNarrow || settings.data === undefined) return [];
  const { graph } = await readModelFile(settings.model!);
  return examineInput(graph, settings, await firstSamples(settings.data, settings, model, guessImages));
}
