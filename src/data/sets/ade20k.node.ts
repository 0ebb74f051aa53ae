/** ADE20K as in the scene parsing challenge of 2016. */
import { join } from "node:path";
import { findRoot, isFolder } from "../formats/files.node.js";
import { adeObjects } from "./ade20k-classes.js";
import { type Layout, pairFolders } from "./layout.node.js";

const shortNames: Readonly<Record<string, string>> = { val: "validation", train: "training" };

export const ade20k: Layout = {
  form: "ade20k:ROOT",
  title: "ADE20K (ADEChallengeData2016), 150 classes and 0 = other",
  images: "ROOT[/ADEChallengeData2016]/images/<split>/*.jpg, or images/*.jpg",
  labels: "annotations/<split>/*.png, or annotations/*.png",
  defaultSplit: "validation",
  trainingSplit: "training",
  // "Other" is a class, as in Croce et al.: an attacker cannot be confined to the objects.
  scheme: { classes: ["other", ...adeObjects], ignoreLabel: undefined },
  variants: {
    reduceZeroLabel: { classes: adeObjects, ignoreLabel: 0, relabel: (value) => value - 1 },
  },

  async list(place, split, withLabels) {
    const root = await findRoot(place, ["ADEChallengeData2016"], "images");
    const below = await splitFolder(root, split);
    return pairFolders(
      join(root, "images", below),
      withLabels ? join(root, "annotations", below) : undefined,
    );
  },
};

/** The folder of a split; "" for an excerpt without split folders, unless a split was asked for. */
async function splitFolder(root: string, split: string | undefined): Promise<string> {
  if (split !== undefined) return shortNames[split] ?? split;
  return (await isFolder(join(root, "images", "validation"))) ? "validation" : "";
}
