/** Any two folders: images, and label PNGs of the same names. */
import { SeawallError } from "../../base/index.js";
import type { DatasetLayout } from "../layouts/layout.js";
import { pairFolders } from "../layouts/listing.js";

export const folder: DatasetLayout = {
  form: "folder:IMAGES,LABELS",
  title:
    "images and label files of the same names, or of names with a suffix; folder:IMAGES with --labels self",
  images: "IMAGES/*.{jpg,jpeg,png,tif,tiff,webp,npy}, or those in sub-folders",
  labels: "LABELS/*.{png,tif,tiff,bmp,npy}, or those in sub-folders of the same names",
  defaultSplit: undefined,
  trainingSplit: undefined,
  scheme: { classes: undefined, ignoreLabel: undefined },
  variants: {},

  async list({ place, split, withLabels, labelSuffix, files }) {
    if (split !== undefined) {
      throw new SeawallError(
        "usage",
        `--split ${split}: two folders have no splits; name the folders of the split`,
      );
    }
    const [images = "", labels, more] = place.split(",");
    if (!images || labels === "" || more !== undefined) {
      throw new SeawallError(
        "usage",
        `--data folder:${place}: expected folder:IMAGES,LABELS; rename a path that contains a comma`,
      );
    }
    if (withLabels && labels === undefined) {
      throw new SeawallError(
        "usage",
        `--data folder:${place} names no labels; add them (folder:${place},LABELS), ` +
          "or measure consistency with --labels self",
      );
    }
    return pairFolders(files, images, withLabels ? labels : undefined, { labelSuffix });
  },
};
