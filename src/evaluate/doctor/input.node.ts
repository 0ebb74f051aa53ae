/** Which pixels does the model want? Guessed from its clean figures under each usual form. */
import { float32, formatFigure, plural, type Tensor } from "../../base/index.js";
import type { Sample } from "../../data/index.js";
import { losses } from "../../loss/index.js";
import { type Counts, countPixels, meanIoU, sumCounts } from "../../metric/index.js";
import type { Graph } from "../../onnx/index.js";
import {
  findImage,
  imageName,
  type Model,
  type Oracle,
  openModel,
  type Preprocessing,
  preprocessingGraph,
  usualRange,
} from "../../oracle/index.js";
import { openSession } from "../../runtime/index.js";
import { modelOptions } from "../plan/model-options.js";
import { type Finding, Findings, type Settings } from "./finding.js";
import { formOf, formsToTry, normalizesLess, stepTo } from "./forms.js";
import { known } from "./model.node.js";

/** What other pixels must gain before they are believed: a few images already show far more. */
const margin = 0.05;

/** A form of pixels, and the clean mIoU with it. */
type Tried = readonly [form: Preprocessing, mIoU: number];

/**
 * Compares the clean mIoU as the settings have it with that of every usual form. The model is opened once and predicts each
 * image once for each form, without a gradient: 15 times at most for colour images, and 7 times for others.
 * @param samples with labels, all of one size
 * @param least what another form must reach to be believed: what another reading of the labels reaches
 */
export async function examineInput(
  graph: Graph,
  settings: Settings,
  samples: readonly Sample[],
  least = 0,
): Promise<Finding[]> {
  const findings = new Findings("model");
  await findings.attempt("pixels", async () => {
    const usual = usualRange(findImage(graph, settings.layout));
    const forms = formsToTry(formOf(settings), samples[0]!, usual);
    const { height, width } = samples[0]!;
    const { mean: _, std: __, bgr: ___, ...options } = modelOptions(settings);
    // The forms are made before the model, which takes pixels as they come.
    const model = await openModel(graph, { ...options, inputRange: [0, 1], size: { height, width } });
    const oracle = model.oracle({ losses: [losses.ce] });
    try {
      const tried: Tried[] = [];
      for (const form of forms)
        tried.push([form, await cleanMIoU(oracle, model, { inputRange: usual, ...form }, samples)]);
      judge(findings, tried, samples.length, least);
    } finally {
      await oracle.dispose();
    }
  });
  return findings.list;
}

/** @param tried the given form first */
function judge(findings: Findings, tried: readonly Tried[], images: number, least: number): void {
  const [asGiven, given] = tried[0]!;
  const [wanted, highest] = tried.reduce((best, entry) => (entry[1] > best[1] ? entry : best));
  const lowest = Math.min(...tried.map(([, mIoU]) => mIoU));
  const found = `clean mIoU ${formatFigure(given)} on ${plural(images, "image")}`;
  if (highest > given + margin && highest > least - margin) {
    const { words, change } = stepTo(wanted, asGiven);
    const advice = normalizesLess(wanted, asGiven)
      ? ": leave --mean and --std out; the model normalises its pixels itself, or takes them as they are"
      : "; is that what the model wants?";
    findings.add("warn", "pixels", `${found}, but ${formatFigure(highest)} ${words}${advice}`, change);
  } else if (highest - lowest < margin) {
    findings.add(
      "skip",
      "pixels",
      `${found}, and much the same for pixels of any range: nothing to tell them by; does the model know these classes?`,
    );
  } else
    findings.add(
      "pass",
      "pixels",
      `${found}; no other usual range or normalisation gives more than ${formatFigure(highest)}`,
    );
}

async function cleanMIoU(
  oracle: Oracle,
  model: Model,
  form: Preprocessing,
  samples: readonly Sample[],
): Promise<number> {
  const { channels, height, width, classes } = model;
  const shape = [1, channels, height, width];
  const preprocessing = await openSession(preprocessingGraph(shape, form));
  try {
    const counts: Counts[] = [];
    for (const sample of samples) {
      const { image, labels } = known(sample, model);
      const { pixels } = await preprocessing.run({ [imageName]: float32(shape, image.data) });
      const { data } = pixels as Tensor<"float32">;
      const prediction = await oracle.image(data, labels!).predict(data);
      counts.push(countPixels(prediction.classes, labels!, classes));
    }
    return meanIoU(sumCounts(counts)) ?? 0;
  } finally {
    await preprocessing.dispose();
  }
}
