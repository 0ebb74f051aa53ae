/** Everything that is worth knowing before a long run: machine, engine, model, data, and what the run will cost. */
import type { Size } from "../../data/index.js";
import { readModelFile } from "../../onnx/index.node.js";
import type { Model } from "../../oracle/index.js";
import { examineCost } from "./cost.node.js";
import { type ExaminedData, examineData, firstSamples } from "./data.node.js";
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
  const data = settings.data === undefined ? undefined : await examineData(settings.data, settings);
  const resized = async (size: Size) => (await firstSamples(settings.data!, settings, size, 1))[0]!;
  const model =
    settings.model === undefined
      ? undefined
      : await examineModel(settings.model, settings, data?.first, resized);
  const labels = data?.tally;
  return {
    findings: [
      ...examineMachine(),
      ...(await examineEngine()),
      ...(model?.findings ?? []),
      ...(await guessInput(settings, model?.model, data)),
      ...(data?.findings.list ?? []),
      ...(labels ? labelFindings(labels, model?.model?.prepared.classes) : []),
      ...(model?.model && data?.first ? await examineCost(settings) : []),
    ],
    labels,
    classNames: data?.classNames,
  };
}

async function guessInput(
  settings: Settings,
  model: Model | undefined,
  data: ExaminedData | undefined,
): Promise<Finding[]> {
  if (!model || !data?.tally || settings.data === undefined) return [];
  const { graph } = await readModelFile(settings.model!);
  const { height, width } = model.prepared;
  return examineInput(
    graph,
    settings,
    await firstSamples(settings.data, settings, { height, width }, guessImages),
  );
}
