/** CamVid in the layout of SegNet's release: 480×360, eleven classes. */
import { join } from "node:path";
import { type Layout, pairFolders } from "./layout.node.js";

const classes = [
  "Sky",
  "Building",
  "Pole",
  "Road",
  "Pavement",
  "Tree",
  "SignSymbol",
  "Fence",
  "Car",
  "Pedestrian",
  "Bicyclist",
];

export const camvid: Layout = {
  form: "camvid:ROOT",
  title: "CamVid, 480×360, 11 classes",
  images: "ROOT/<split>/*.png",
  labels: "ROOT/<split>annot/*.png",
  defaultSplit: "val",
  trainingSplit: "train",
  scheme: { classes, ignoreLabel: 11 },
  variants: {},

  async list(root, split = "val", withLabels) {
    return pairFolders(join(root, split), withLabels ? join(root, `${split}annot`) : undefined);
  },
};
