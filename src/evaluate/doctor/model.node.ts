/** Is a model accepted, and how was it understood? */
import { nonDifferentiable, rules } from "../../autodiff/index.js";
import { formatCount, formatDuration, randomStream, sizeOf } from "../../base/index.js";
import { ignored, type Sample, type Size, sizeText } from "../../data/index.js";
import { losses } from "../../loss/index.js";
import { type Graph, neededFor, reachableFrom } from "../../onnx/index.js";
import { readModelFile } from "../../onnx/index.node.js";
import { type Model, openModel, type PreparedModel } from "../../oracle/index.js";
import { modelOptions } from "../plan/model-options.js";
import { checkModel } from "../soundness/index.js";
import { trialOf } from "../untrusted/trial.node.js";
import { type Finding, Findings, type Settings } from "./finding.js";

/** A model as the doctor sees it; `model` is undefined where it is not accepted. */
export interface ExaminedModel {
  readonly findings: readonly Finding[];
  readonly model: Model | undefined;
}

/** Opens a model, at the size of the data's first image if there is one. */
export async function examineModel(
  file: string,
  settings: Settings,
  size: Size = sizeOfNoise(settings),
): Promise<ExaminedModel> {
  const findings = new Findings("model");
  const model = await findings.attempt("file", async () => {
    const { graph } = await readModelFile(file);
    findings.add("pass", "file", `${file}: ${countsOf(graph)}`);
    return findings.attempt("form", () =>
      openModel(graph, { ...modelOptions(settings), ...trialOf(settings, {}), size }),
    );
  });
  if (!model) return { findings: findings.list, model: undefined };

  for (const notice of model.notices) findings.add("pass", "form", notice);
  addOperators(findings, model.prepared);
  return { findings: findings.list, model };
}

/**
 * Checks a model's gradient.
 * @param first an image with labelled pixels; noise stands in where there is none
 * @param fitting reads it in the size of the model
 */
export async function examineGradient(
  model: Model,
  first: Sample | undefined,
  fitting: (model: Model) => Promise<Sample>,
): Promise<readonly Finding[]> {
  const findings = new Findings("model");
  await findings.attempt("gradient", async () => {
    const { height, width } = model;
    const fits = first?.height === height && first.width === width;
    const sample = first && (fits ? first : await fitting(model));
    await addChecks(findings, model, sample ? known(sample, model) : noise(model));
  });
  return findings.list;
}

/** Where there is no image: several windows, or a usual size. */
function sizeOfNoise({ window: [height, width] = [128, 128] }: Settings): Size {
  return { height: 2 * height, width: 2 * width };
}

function countsOf({ initializers, nodes, opset }: Graph): string {
  const parameters = [...initializers.values()].reduce((sum, { dims }) => sum + sizeOf(dims), 0);
  return `${formatCount(nodes.length)} nodes, ${formatCount(parameters)} constants, opset ${opset}`;
}

/** Operators between image and logits that stop the gradient, or that have no rule. */
function addOperators(findings: Findings, { graph, image, differentiated }: PreparedModel): void {
  const [reached, needed] = [reachableFrom(graph, [image]), neededFor(graph, [differentiated])];
  const between = graph.nodes.filter(({ outputs }) =>
    outputs.some((name) => reached.has(name) && needed.has(name)),
  );
  const without = between.filter(({ op }) => !Object.hasOwn(rules, op));
  const stopping = without.filter(({ op }) => nonDifferentiable.has(op));
  const unknown = without.filter(({ op }) => !nonDifferentiable.has(op));
  const count = formatCount(between.length);
  if (unknown.length > 0)
    findings.add("fail", "operators", `no gradient rule for ${tally(unknown)} (of ${count} nodes)`);
  else
    findings.add(
      "pass",
      "operators",
      `each of the ${count} nodes between image and logits has a gradient rule`,
    );
  if (stopping.length > 0) findings.add("warn", "operators", `no gradient flows through ${tally(stopping)}`);
}

function tally(nodes: Graph["nodes"]): string {
  const names = [...new Set(nodes.map(({ op }) => op))].sort();
  return names.map((name) => `${nodes.filter(({ op }) => op === name).length} × ${name}`).join(", ");
}

async function addChecks(findings: Findings, model: Model, sample: Sample): Promise<void> {
  for (const { check, status, detail, remedy } of await checkModel({ model, sample, seed: 0 })) {
    findings.add(status, check, status === "pass" ? detail : `${detail}; ${remedy}`);
  }
  findings.add("pass", "speed", await speedOf(model, sample));
}

/** The second pass, since the first one loads the graph. */
async function speedOf(model: Model, { image, labels, height, width }: Sample): Promise<string> {
  const oracle = model.oracle({ losses: [losses.ce] });
  try {
    const one = oracle.image(image.data, labels ?? new Int32Array(height * width));
    await one.evaluate(image.data, { loss: losses.ce });
    const before = one.cost.seconds;
    await one.evaluate(image.data, { loss: losses.ce });
    return `${formatDuration(one.cost.seconds - before)} for one image forward and backward at ${sizeText({ height, width })} pixels (width×height)`;
  } finally {
    await oracle.dispose();
  }
}

/** The sample without labels that are no class of the model: those are another finding. */
export function known(sample: Sample, { classes }: Model): Sample {
  return { ...sample, labels: sample.labels?.map((label) => (label < classes ? label : ignored)) };
}

/** An image of noise with classes at random, for a model without data. */
function noise({ channels, height, width, classes }: Model): Sample {
  const random = randomStream("doctor");
  const pixels = height * width;
  return {
    id: "noise",
    index: 0,
    hash: "noise",
    height,
    width,
    image: {
      type: "float32",
      dims: [channels, height, width],
      data: random.uniform(channels * pixels, 0, 1),
    },
    stored: { type: "float32", bands: channels, range: [0, 1] },
    labels: Int32Array.from({ length: pixels }, () => Math.floor(random.next() * classes)),
  };
}
