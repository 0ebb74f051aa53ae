/** Cityscapes with fine annotations: 2048×1024, the 19 classes of its evaluation. */
import { SeawallError } from "../../base/index.js";
import type { DataFiles, DatasetLayout, Entry } from "../layouts/layout.js";
import { cityscapesIds } from "../pixels/cityscapes-ids.js";

export const cityscapes: DatasetLayout = {
  form: "cityscapes:ROOT",
  title: "Cityscapes, fine annotations, 19 classes",
  images: "ROOT/leftImg8bit/<split>/<city>/*_leftImg8bit.png",
  labels:
    "ROOT/gtFine/<split>/<city>/*_gtFine_labelIds.png, or *_gtFine_labelTrainIds.png where those are missing",
  defaultSplit: "val",
  trainingSplit: "train",
  scheme: {
    classes: cityscapesIds.names,
    ignoreLabel: 255,
    relabel: cityscapesIds.classOf,
  },
  variants: {},
  codings: { trainIds: (id) => id },

  async list({ place, split = "val", withLabels, files }) {
    if (withLabels && split === "test") {
      throw new SeawallError(
        "usage",
        "--split test: Cityscapes publishes no labels of this split; use --split val, or --labels self",
      );
    }
    const images = await splitFolder(files, place, "leftImg8bit", split);
    const labels = withLabels ? await splitFolder(files, place, "gtFine", split) : undefined;
    const cities: Entry[][] = [];
    for (const city of await files.namesIn(images)) {
      if (await files.isFolder(files.join(images, city)))
        cities.push(await listCity(files, files.join(images, city), labels && files.join(labels, city)));
    }
    return cities.flat();
  },
};

/** The folder of a split in one of the two downloads. */
async function splitFolder(files: DataFiles, root: string, kind: string, split: string): Promise<string> {
  const folder = files.join(root, kind, split);
  if (await files.isFolder(folder)) return folder;
  if (kind === "gtFine") await refuseCoarse(files, root, split);
  const what = kind === "gtFine" ? "labels" : "images";
  throw new SeawallError(
    "data",
    `${folder}: no such folder; unpack ${kind}_trainvaltest.zip, the ${what} of Cityscapes, in ${root}, or check --data ` +
      `and --split${kind === "gtFine" ? ". Without labels, use --labels self" : ""}`,
  );
}

/** Coarse annotations leave most of an image without a label, so no figure of them is comparable. */
async function refuseCoarse(files: DataFiles, root: string, split: string): Promise<void> {
  if (!(await files.isFolder(files.join(root, "gtCoarse", split)))) return;
  throw new SeawallError(
    "data",
    `${files.join(root, "gtCoarse", split)}: the labels of split ${split} are the coarse ones, which leave much of each image without a label; ` +
      `unpack gtFine_trainvaltest.zip in ${root} and use --split train or val (fine labels of train_extra do not exist)`,
  );
}

const imageEnding = "_leftImg8bit.png";

/** The images of a city by name, each with its label file. */
async function listCity(files: DataFiles, images: string, labels: string | undefined): Promise<Entry[]> {
  const hasLabels = labels !== undefined && (await files.isFolder(labels));
  const stored = new Set(hasLabels ? await files.namesIn(labels) : []);
  const names = (await files.namesIn(images)).filter((name) => name.endsWith(imageEnding));
  return names.map((name) => {
    const id = name.slice(0, -imageEnding.length);
    const image = files.join(images, name);
    if (labels === undefined) return { id, image, labels };
    const [byId, byTrainId] = [`${id}_gtFine_labelIds.png`, `${id}_gtFine_labelTrainIds.png`];
    const isCoded = !stored.has(byId) && stored.has(byTrainId);
    if (isCoded) return { id, image, labels: files.join(labels, byTrainId), coding: "trainIds" };
    return { id, image, labels: files.join(labels, byId) };
  });
}
