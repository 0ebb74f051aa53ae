/** CamVid as released with SegNet: 480×360 pixels, eleven classes. */
import type { DatasetLayout } from "../layouts/layout.js";
import { pairFolders } from "../layouts/listing.js";

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

export const camvid: DatasetLayout = {
  form: "camvid:ROOT",
  title: "CamVid, 480×360, 11 classes",
  images: "ROOT/<split>/*.png",
  labels: "ROOT/<split>annot/*.png",
  defaultSplit: "val",
  trainingSplit: "train",
  scheme: { classes, ignoreLabel: 11 },
  variants: {
    voidClass: {
      title: "the model has a twelfth class for void (11), whose pixels still count nowhere",
      classes: [...classes, "Void"],
      ignoreLabel: 11,
    },
  },

  list({ place, split = "val", withLabels, files }) {
    return pairFolders(
      files,
      files.join(place, split),
      withLabels ? files.join(place, `${split}annot`) : undefined,
    );
  },
};
