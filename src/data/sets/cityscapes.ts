/** Cityscapes with fine annotations: 2048×1024, the 19 classes of its evaluation. */
import { SeawallError } from "../../base/index.js";
import type { DataFiles, DatasetLayout, Entry } from "../layouts/layout.js";

/** Names of the evaluated classes by label id, in the order of their train ids 0 to 18 (cityscapesScripts). */
const classNames: Readonly<Record<number, string>> = {
  7: "road",
  8: "sidewalk",
  11: "building",
  12: "wall",
  13: "fence",
  17: "pole",
  19: "traffic light",
  20: "traffic sign",
  21: "vegetation",
  22: "terrain",
  23: "sky",
  24: "person",
  25: "rider",
  26: "car",
  27: "truck",
  28: "bus",
  31: "train",
  32: "motorcycle",
  33: "bicycle",
};
const evaluatedIds = Object.keys(classNames).map(Number);
/** Label ids end here; the ids up to it that have no class count nowhere. */
const lastId = 33;

export const cityscapes: DatasetLayout = {
  form: "cityscapes:ROOT",
  title: "Cityscapes, fine annotations, 19 classes",
  images: "ROOT/leftImg8bit/<split>/<city>/*_leftImg8bit.png",
  labels:
    "ROOT/gtFine/<split>/<city>/*_gtFine_labelIds.png, or *_gtFine_labelTrainIds.png where those are missing",
  defaultSplit: "val",
  trainingSplit: "train",
  scheme: {
    classes: Object.values(classNames),
    ignoreLabel: 255,
    relabel: (id) => (id > lastId ? id : evaluatedIds.indexOf(id)),
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
  const what = kind === "gtFine" ? "labels" : "images";
  throw new SeawallError(
    "data",
    `${folder}: no such folder; unpack ${kind}_trainvaltest.zip, the ${what} of Cityscapes, in ${root}, or check --data ` +
      `and --split${kind === "gtFine" ? ". Without labels, use --labels self" : ""}`,
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
