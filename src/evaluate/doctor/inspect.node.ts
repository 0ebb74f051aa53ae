/** Everything that is worth knowing before a long run: machine, engine, model, data, and what the run will cost. */
import type { Sample } from "../../data/index.js";
import { readModelFile } from "../../onnx/index.node.js";
import { findImage, type Model } from "../../oracle/index.js";
import { examineCost } from "./cost.node.js";
import {
  type ExaminedData,
  examineData,
  firstImage,
  firstSamples,
  type WantedChannels,
} from "./data.node.js";
import type { Finding, Settings } from "./finding.js";
import { examineFit, type LabelFit } from "./fit.node.js";
import { examineInput } from "./input.node.js";
import { type LabelTally, labelFindings } from "./labels.js";
import { examineEngine, examineMachine } from "./machine.node.js";
import { examineGradient, examineModel } from "./model.node.js";

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
  const inputs = await inspectInputs(settings);
  return {
    ...inputs,
    findings: [...examineMachine(), ...(await examineEngine(settings.device)), ...inputs.findings],
  };
}

/** The same without machine and engine. */
export async function inspectInputs(settings: Settings): Promise<Inspection> {
  const { data: spec, model: file } = settings;
  const channels = await wantedChannels(settings);
  const image = spec === undefined ? undefined : await firstImage(spec, settings, channels);
  const model = file === undefined ? undefined : await examineModel(file, settings, image);
  const classes = model?.model?.classes;
  const data = spec === undefined ? undefined : await examineData(spec, settings, channels, classes);
  const labels = data?.tally;
  const { fit, pixels } = await explained(settings, model?.model, data);
  return {
    findings: [
      ...(model?.findings ?? []),
      ...(model?.model ? await checksOf(model.model, settings, data?.first) : []),
      ...pixels,
      ...(data?.findings.list ?? []),
      ...(labels ? labelFindings(labels, classes, fit) : []),
      ...(model?.model && data?.first ? await examineCost(settings) : []),
    ],
    labels,
    classNames: data?.classNames,
  };
}

function checksOf(model: Model, settings: Settings, first: Sample | undefined): Promise<readonly Finding[]> {
  const fitting = async (opened: Model) => (await firstSamples(settings.data!, settings, opened, 1))[0]!;
  return examineGradient(model, first, fitting);
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

/**
 * Why the model is wrong, if it is: other pixels, or other labels. Both can explain the same: colours in another order
 * look like classes in another order. Pixels that reach as much are the simpler reason.
 */
async function explained(
  settings: Settings,
  model: Model | undefined,
  data: ExaminedData | undefined,
): Promise<{ fit: LabelFit | undefined; pixels: readonly Finding[] }> {
  if (!model || !data?.tally || settings.data === undefined) return { fit: undefined, pixels: [] };
  const samples = await firstSamples(settings.data, settings, model, guessImages);
  const fit = await examineFit(model, settings, data.storedAs, samples);
  // Labels that cannot be right make every guess at the pixels wrong.
  if (data.findings.list.some(({ status }) => status === "fail")) return { fit, pixels: [] };
  // In a wrong range, every form of pixels that the model might want is wrong as well.
  const pixels = data.isNarrow ? [] : await guessInput(settings, samples, fit.better?.mIoU);
  if (!fit.better) return { fit, pixels };
  const isPixels = pixels.some(({ status }) => status === "warn");
  return isPixels ? { fit: { ...fit, better: undefined }, pixels } : { fit, pixels: [] };
}

async function guessInput(
  settings: Settings,
  samples: readonly Sample[],
  least: number | undefined,
): Promise<Finding[]> {
  const { graph } = await readModelFile(settings.model!);
  return examineInput(graph, settings, samples, least);
}
