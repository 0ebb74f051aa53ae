/** PASCAL VOC 2012 segmentation, with the augmented masks of SBD where they are there. */
import { join } from "node:path";
import { SeawallError } from "../../base/index.js";
import { findRoot, isFolder, readBytes } from "../formats/files.node.js";
import { entryOf, type Layout } from "./layout.node.js";

/** Background and the 20 classes. */
export const vocClasses = [
  "background",
  "aeroplane",
  "bicycle",
  "bird",
  "boat",
  "bottle",
  "bus",
  "car",
  "cat",
  "chair",
  "cow",
  "diningtable",
  "dog",
  "horse",
  "motorbike",
  "person",
  "pottedplant",
  "sheep",
  "sofa",
  "train",
  "tvmonitor",
];

export const voc: Layout = {
  form: "voc:ROOT",
  title: "PASCAL VOC 2012, background and 20 classes",
  images: "ROOT[/VOCdevkit]/VOC2012/JPEGImages/*.jpg, those in ImageSets/Segmentation/<split>.txt",
  labels: "SegmentationClass/*.png; SegmentationClassAug/*.png for the split train_aug",
  defaultSplit: "val",
  trainingSplit: "train_aug",
  scheme: { classes: vocClasses, ignoreLabel: 255 },
  // The published evaluation counts void as background.
  variants: {
    voidAsBackground: {
      classes: vocClasses,
      ignoreLabel: undefined,
      relabel: (value) => (value === 255 ? 0 : value),
    },
  },

  async list(place, split = "val", withLabels) {
    const root = await findRoot(place, ["VOC2012", join("VOCdevkit", "VOC2012")], "JPEGImages");
    const ids = await readList(join(root, "ImageSets", "Segmentation", `${split}.txt`));
    const labels = withLabels ? await labelFolder(root, split) : undefined;
    return ids.map((id) => entryOf(id, join(root, "JPEGImages", `${id}.jpg`), labels));
  },
};

async function labelFolder(root: string, split: string): Promise<string> {
  const augmented = join(root, "SegmentationClassAug");
  const wanted = split === "train_aug" || split === "trainaug";
  return wanted && (await isFolder(augmented)) ? augmented : join(root, "SegmentationClass");
}

/**
 * The names in a list file, one a line, in its order.
 * @throws SeawallError `data` when it is missing, or a name is none or there twice
 */
export async function readList(file: string): Promise<string[]> {
  const ids = (await readBytes(file)).toString("utf8").split(/\s+/).filter(Boolean);
  const seen = new Set<string>();
  for (const id of ids) {
    // A name with a slash would leave the data set's folders.
    if (!/^[\w.-]+$/.test(id) || seen.has(id)) {
      throw new SeawallError(
        "data",
        `${file}: expected one image name a line, each once, got "${id.slice(0, 80)}"${seen.has(id) ? " twice" : ""}`,
      );
    }
    seen.add(id);
  }
  return ids;
}
