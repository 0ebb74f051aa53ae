/** The Semantic Boundaries Dataset ("VOC augmented"), whose masks are MATLAB files. */
import { join } from "node:path";
import { findRoot } from "../formats/files.node.js";
import { entryOf, type Layout } from "./layout.node.js";
import { readList, vocClasses } from "./voc.node.js";

/** Its lists ignore those of VOC: most images of VOC's val are among them. */
export const sbd: Layout = {
  form: "sbd:ROOT",
  title: "Semantic Boundaries Dataset, background and 20 classes of VOC",
  images: "ROOT[/dataset or /VOCaug/dataset or /benchmark_RELEASE/dataset]/img/*.jpg, those in <split>.txt",
  labels: "cls/*.mat; the split trainval is train.txt followed by val.txt",
  defaultSplit: "val",
  trainingSplit: "train",
  scheme: { classes: vocClasses, ignoreLabel: undefined },
  variants: {},

  async list(place, split = "val", withLabels) {
    const below = ["dataset", join("VOCaug", "dataset"), join("benchmark_RELEASE", "dataset")];
    const root = await findRoot(place, below, "img");
    const lists = (split === "trainval" ? ["train", "val"] : [split]).map((name) =>
      join(root, `${name}.txt`),
    );
    const ids = (await Promise.all(lists.map(readList))).flat();
    const labels = withLabels ? join(root, "cls") : undefined;
    return ids.map((id) => entryOf(id, join(root, "img", `${id}.jpg`), labels, ".mat"));
  },
};
