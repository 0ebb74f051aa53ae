/** Which pixels does the model want? Guessed from its clean figures under each usual form. */
import { formatFigure, plural } from "../../base/index.js";
import type { Sample } from "../../data/index.js";
import { losses } from "../../loss/index.js";
import { type Counts, countPixels, meanIoU, sumCounts } from "../../metric/index.js";
import type { Graph } from "../../onnx/index.js";
import { openModel, type Preprocessing } from "../../oracle/index.js";
import { modelOptions } from "../plan/model-options.js";
import { type Finding, Findings, type Settings } from "./finding.js";
import { known } from "./model.node.js";

/** A form of pixels, and the flags that ask for it. */
interface Form {
  readonly flags: string;
  readonly preprocessing: Preprocessing;
}

/** The ImageNet statistics that most training code subtracts and divides by. */
const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];
const bytes = (values: readonly number[]) => values.map((value) => Number((255 * value).toFixed(3)));

const ranged: readonly Form[] = [
  { flags: "no flag", preprocessing: {} },
  { flags: "--input-range 0,255", preprocessing: { inputRange: [0, 255] } },
  { flags: "--input-range -1,1", preprocessing: { inputRange: [-1, 1] } },
];

/** Those of colour images. */
const normalized: readonly Form[] = [
  { flags: `--mean ${mean} --std ${std}`, preprocessing: { mean, std } },
  {
    flags: `--input-range 0,255 --mean ${bytes(mean)} --std ${bytes(std)}`,
    preprocessing: { inputRange: [0, 255], mean: bytes(mean), std: bytes(std) },
  },
];

/** Forms that are usual for images like this one; a model may also want the values as stored. */
function usualFor({ image, stored }: Sample): readonly Form[] {
  const [black, white] = stored.range;
  const isListed = ranged.some(
    ({ preprocessing: { inputRange = [0, 1] } }) => inputRange.join() === stored.range.join(),
  );
  const asStored: Form = {
    flags: `--input-range ${black},${white}`,
    preprocessing: { inputRange: [black, white] },
  };
  return [...ranged, ...(isListed ? [] : [asStored]), ...(image.dims[0] === 3 ? normalized : [])];
}

/** What other pixels must gain before they are believed: a few images already show far more. */
const margin = 0.05;

/**
 * Compares the clean mIoU as the settings have it with that of every usual form.
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
    const mIoU = (form: Form) => cleanMIoU(graph, settings, form, samples);
    const given = await mIoU({ flags: "as given", preprocessing: modelOptions(settings) });
    const forms: [Form, number][] = [];
    for (const form of usualFor(samples[0]!)) forms.push([form, await mIoU(form)]);
    const straight = best(forms);
    if (samples[0]!.image.dims[0] !== 3)
      return judge(findings, { given, least }, straight, forms, samples.length);
    const turned = {
      flags: `${straight[0].flags} --bgr`,
      preprocessing: { ...straight[0].preprocessing, bgr: true },
    };
    judge(findings, { given, least }, best([straight, [turned, await mIoU(turned)]]), forms, samples.length);
  });
  return findings.list;
}

function best(forms: readonly [Form, number][]): [Form, number] {
  return forms.reduce((highest, entry) => (entry[1] > highest[1] ? entry : highest));
}

function judge(
  findings: Findings,
  { given, least }: { readonly given: number; readonly least: number },
  [form, highest]: [Form, number],
  forms: readonly [Form, number][],
  images: number,
): void {
  const of = `clean mIoU ${formatFigure(given)} on ${plural(images, "image")}`;
  const lowest = Math.min(...forms.map(([, mIoU]) => mIoU));
  if (highest > given + margin && highest > least - margin) {
    findings.add(
      "warn",
      "pixels",
      `${of}, but ${formatFigure(highest)} with ${form.flags.replace(/^no flag /, "")}; is that what the model wants?`,
    );
  } else if (highest - lowest < margin) {
    findings.add(
      "skip",
      "pixels",
      `${of}, and much the same for pixels of any range: nothing to tell them by; does the model know these classes?`,
    );
  } else
    findings.add(
      "pass",
      "pixels",
      `${of}; no other usual range or normalisation gives more than ${formatFigure(highest)}`,
    );
}

async function cleanMIoU(
  graph: Graph,
  settings: Settings,
  { preprocessing }: Form,
  samples: readonly Sample[],
): Promise<number> {
  const { inputRange: _, mean: __, std: ___, bgr: ____, ...others } = modelOptions(settings);
  const { height, width } = samples[0]!;
  const model = await openModel(graph, { ...others, ...preprocessing, size: { height, width } });
  const oracle = model.oracle({ losses: [losses.ce] });
  try {
    const counts: Counts[] = [];
    for (const sample of samples) {
      const { image, labels } = known(sample, model);
      const { classes } = await oracle.image(image.data, labels!).predict(image.data);
      counts.push(countPixels(classes, labels!, model.classes));
    }
    return meanIoU(sumCounts(counts)) ?? 0;
  } finally {
    await oracle.dispose();
  }
}
