/** PASCAL VOC 2012 segmentation, with the augmented masks of SBD where they are installed. */
import type { DataFiles, DatasetLayout } from "../layouts/layout.js";
import { findRoot, readList } from "../layouts/listing.js";

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

/**
 * Class weights in the published code of Croce et al. (2024), `VOC_WTS`: inverse class frequencies of the
 * *validation* crops (short side 473, centre crop, void counted as background). Use them to reproduce published
 * figures and for nothing else.
 */
export const vocPublishedWeights: readonly number[] = [
  0.0007, 0.0531, 0.1394, 0.05, 0.0814, 0.0575, 0.0256, 0.0312, 0.0198, 0.0626, 0.0382, 0.0457, 0.0212,
  0.0404, 0.0421, 0.0089, 0.0915, 0.0585, 0.0366, 0.0279, 0.0677,
];

/**
 * Inverse class frequencies of the 10 582 train_aug masks at full resolution, void counted as background. No
 * validation image is among them.
 */
export const vocTrainAugWeights: readonly number[] = [
  0.000697, 0.053137, 0.058842, 0.054959, 0.072763, 0.093806, 0.039879, 0.024509, 0.014982, 0.037182,
  0.087898, 0.046204, 0.016793, 0.053605, 0.041284, 0.006291, 0.077755, 0.079691, 0.040434, 0.03687, 0.062419,
];

export const voc: DatasetLayout = {
  form: "voc:ROOT",
  title: "PASCAL VOC 2012, background and 20 classes",
  images: "ROOT[/VOCdevkit]/VOC2012/JPEGImages/*.jpg, those in ImageSets/Segmentation/<split>.txt",
  labels: "SegmentationClass/*.png; SegmentationClassAug/*.png for the split train_aug",
  defaultSplit: "val",
  trainingSplit: "train_aug",
  scheme: { classes: vocClasses, ignoreLabel: 255 },
  variants: {
    voidAsBackground: {
      title: "void pixels (255) count as background",
      classes: vocClasses,
      ignoreLabel: undefined,
      relabel: (value) => (value === 255 ? 0 : value),
    },
    withoutBackground: {
      title: "background (0) counts nowhere, and the 20 classes of objects start at 0",
      classes: vocClasses.slice(1),
      ignoreLabel: [0, 255],
      relabel: (value) => value - 1,
    },
  },
  published: { labelVariant: "voidAsBackground", classWeights: vocPublishedWeights },

  async list({ place, split = "val", withLabels, files }) {
    const root = await findRoot(files, place, ["VOC2012", files.join("VOCdevkit", "VOC2012")], "JPEGImages");
    const ids = await readList(files, files.join(root, "ImageSets", "Segmentation", `${split}.txt`));
    const labels = withLabels ? await labelFolder(files, root, split) : undefined;
    return ids.map((id) => ({
      id,
      image: files.join(root, "JPEGImages", `${id}.jpg`),
      labels: labels === undefined ? undefined : files.join(labels, `${id}.png`),
    }));
  },
};

async function labelFolder(files: DataFiles, root: string, split: string): Promise<string> {
  const augmented = files.join(root, "SegmentationClassAug");
  const wanted = split === "train_aug" || split === "trainaug";
  return wanted && (await files.isFolder(augmented)) ? augmented : files.join(root, "SegmentationClass");
}
