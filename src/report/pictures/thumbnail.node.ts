/** Thumbnails drawn by sharp. */
import sharp from "sharp";
import { Thumbnails, thumbnailSide } from "./thumbnail.js";

export const thumbnails = new Thumbnails((pixels, { height, width }, { scaling, quality }) =>
  sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize(thumbnailSide, thumbnailSide, {
      fit: "inside",
      withoutEnlargement: true,
      kernel: scaling === "smooth" ? "lanczos3" : "nearest",
    })
    .webp(quality === "lossless" ? { lossless: true } : { quality })
    .toBuffer(),
);
