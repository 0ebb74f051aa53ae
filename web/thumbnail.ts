/** Thumbnails drawn by a browser's canvas. */
import { SeawallError } from "../src/base/index.js";
import { type ThumbnailEncoder, thumbnailSide } from "../src/report/index.js";

/** A WebP, or a PNG from a browser that cannot write WebP. */
export const encodeThumbnail: ThumbnailEncoder = async (pixels, { width, height }, { scaling, quality }) => {
  const scale = Math.min(1, thumbnailSide / Math.max(width, height));
  const canvas = canvasOf(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  canvas.context.imageSmoothingEnabled = scaling === "smooth";
  canvas.context.imageSmoothingQuality = "high";
  const whole = canvasOf(width, height);
  whole.context.putImageData(new ImageData(withOpacity(pixels), width, height), 0, 0);
  canvas.context.drawImage(whole.canvas, 0, 0, canvas.canvas.width, canvas.canvas.height);
  // Chromium and Firefox compress without loss at the highest quality.
  const blob = await canvas.canvas.convertToBlob({
    type: "image/webp",
    quality: quality === "lossless" ? 1 : quality / 100,
  });
  return new Uint8Array(await blob.arrayBuffer());
};

function canvasOf(width: number, height: number) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context) return { canvas, context };
  throw new SeawallError("data", `the browser has no memory for a picture of ${width}×${height} pixels`);
}

/** Three bytes a pixel → four. */
export function withOpacity(pixels: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const bytes = new Uint8ClampedArray((pixels.length / 3) * 4).fill(255);
  for (let i = 0; i < pixels.length; i++) bytes[i + Math.floor(i / 3)] = pixels[i]!;
  return bytes;
}
