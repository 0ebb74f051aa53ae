/** A model that is opened on its images, by the modules that `seawall eval` opens them with. */
import { sha256 } from "../src/base/index.js";
import { firstOfKind, openDataIn, type Sample } from "../src/data/index.js";
import {
  type AttackedImage,
  checkModel,
  type DataChoice,
  dataOptionsOf,
  type FittingData,
  type ImageWorker,
  type ImageWorkerSettings,
  localWorker,
  openFittingData,
  sizeNotice,
} from "../src/evaluate/index.js";
import { cleanAttack, cleanEps, type Soundness } from "../src/journal/index.js";
import { readModel } from "../src/onnx/index.js";
import { findImage, type Model, modelOpener, type Oracle } from "../src/oracle/index.js";
import { chosenData } from "./access.js";
import { decodeImage, decodeLabels } from "./decode.js";
import type { Opening } from "./messages.js";
import { dataSpecOf } from "./places.js";

/** Seeds all randomness, as `seawall eval --seed` does. */
export const seed = 0;

export interface Opened extends Pick<FittingData, "data" | "probe" | "model"> {
  readonly choice: DataChoice;
  readonly modelSha256: string;
  readonly modelInput: readonly (number | string)[];
  readonly device: Opening["device"];
  /** The model at the size of the first image. */
  readonly first: Model;
  readonly notices: readonly string[];
  /** The checks of the model, made when they are first asked for. */
  checks(): Promise<readonly Soundness[]>;
}

/**
 * Opens a model and its images.
 * @throws SeawallError with what is wrong with a file and what to do
 */
export async function openChosen(opening: Opening): Promise<Opened> {
  const { model: file, device, places, labels, ignoreLabel, classNames } = opening;
  const notices: string[] = [];
  const graph = readModel(file.bytes, { file: file.name });
  const choice = {
    model: places.model,
    data: dataSpecOf(places, labels.length > 0),
    labels: labels.length > 0 ? ("truth" as const) : ("self" as const),
    protocol: "strict" as const,
    ignoreLabel,
    ...(places.classes && { classes: places.classes }),
  };
  const options = {
    ...dataOptionsOf(choice, findImage(graph), classNames.length > 0 ? classNames : undefined),
    // Decoded images stay out of the memory that the engine needs.
    readAhead: 0,
    // Every image of a browser has transparency.
    tell: firstOfKind((kind, sentence) => void (kind !== "alpha" && notices.push(sentence))),
  };
  const files = chosenData(opening, { decodeImage, decodeLabels });
  const { data, probe, model, ...fitting } = await openFittingData(
    (spec, wanted) => openDataIn(files, spec, wanted),
    choice.data,
    options,
    (classes) =>
      modelOpener({ graph, networks: new Map() }, classes === undefined ? {} : { classes }, { device }),
  );
  const first = await model.at(probe);
  let checks: Promise<readonly Soundness[]> | undefined;
  return {
    ...{ choice, data, probe, model, device, first },
    modelSha256: sha256(file.bytes),
    modelInput: graph.inputs[0]!.shape ?? [],
    notices: [...first.notices, ...fitting.notices, ...sizeNotice(options), ...notices],
    checks: () => {
      checks ??= checkModel({ model: first, sample: probe, seed, engine: { device } });
      return checks;
    },
  };
}

/** A worker in this thread that attacks the images of an opened model, with one oracle at a time. */
export function workerOn(
  { model, choice }: Pick<Opened, "model" | "choice">,
  run: Pick<ImageWorkerSettings, "attacks" | "radii"> & Partial<ImageWorkerSettings>,
  signal?: AbortSignal,
): ImageWorker {
  const losses = [...new Set(run.attacks.flatMap(({ attack }) => attack.losses))];
  let open: Oracle | undefined;
  const dispose = async () => {
    await open?.dispose();
    open = undefined;
  };
  const oracle = async (size: Pick<Sample, "height" | "width">) => {
    if (open?.height === size.height && open.width === size.width) return open;
    await dispose();
    open = (await model.at(size)).oracle({ losses, ...(signal && { signal }) });
    return open;
  };
  const settings = { norm: "linf" as const, accounting: "strict" as const };
  return localWorker({ oracle, settings, seed, labels: choice.labels, ...run }, dispose);
}

/** The clean predictions of all images, one after the other. */
export async function* predictions(
  opened: Opened,
): AsyncGenerator<AttackedImage & { readonly sample: Sample }> {
  const worker = workerOn(opened, { attacks: [], radii: [] });
  try {
    for await (const sample of opened.data.samples()) {
      const outcome = await worker.attack(sample, { attack: cleanAttack, eps: cleanEps });
      yield { ...outcome, sample };
    }
  } finally {
    await worker.dispose();
  }
}
