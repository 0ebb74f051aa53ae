/** The Semantic Boundaries Dataset ("VOC augmented"), whose masks are MATLAB files. */
import type { DatasetLayout } from "../layouts/layout.js";
import { findRoot, readList } from "../layouts/listing.js";
import { vocClasses } from "./voc.js";

/** Its splits differ from those of VOC: they contain most images of VOC's val. */
export const sbd: DatasetLayout = {
  form: "sbd:ROOT",
  title: "Semantic Boundaries Dataset, background and 20 classes of VOC",
  images: "ROOT[/dataset or /VOCaug/dataset or /benchmark_RELEASE/dataset]/img/*.jpg, those in <split>.txt",
  labels: "cls/*.mat; the split trainval is train.txt followed by val.txt",
  defaultSplit: "val",
  trainingSplit: "train",
  scheme: { classes: vocClasses, ignoreLabel: undefined },
  variants: {},

  async list({ place, split = "val", withLabels, files }) {
    const below = ["dataset", files.join("VOCaug", "dataset"), files.join("benchmark_RELEASE", "dataset")];
    const root = await findRoot(files, place, below, "img");
    const splits = split === "trainval" ? ["train", "val"] : [split];
    const lists = await Promise.all(splits.map((name) => readList(files, files.join(root, `${name}.txt`))));
    return lists.flat().map((id) => ({
      id,
      image: files.join(root, "img", `${id}.jpg`),
      labels: withLabels ? files.join(root, "cls", `${id}.mat`) : undefined,
    }));
  },
};
