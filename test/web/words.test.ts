/** Sentences of the command line as the page says them. */
import { expect, it } from "vitest";
import { inPageWords } from "../../web/words.js";

it.each([
  ["photo.png: cannot be decoded; expected a complete image", undefined],
  [
    "the gradient needs 9.1 GiB at once, and there are 4.0 GiB; attack smaller images (--crop, --resize-short) or windows of them (--window), or use another machine",
    "the gradient needs 9.1 GiB at once, and there are 4.0 GiB; attack smaller images or windows of them, or use another machine",
  ],
  [
    "a.png: label 7 is none of the 4 classes; use --label-map 7:1 if 7 marks the foreground, --ignore-label 7 if it must not count, --classes 8 if it is a class",
    "a.png: label 7 is none of the 4 classes; seawall eval has a setting for this, “Ignored label” 7 if it must not count",
  ],
  [
    "--data folder:images,labels: no image found; expected IMAGES/*.png",
    "no image found; expected IMAGES/*.png",
  ],
  [
    "2 channels in layout nchw, and 3 in the other; if the layout is wrong, give --layout nhwc",
    "2 channels in layout nchw, and 3 in the other; if the layout is wrong, seawall eval has a setting for this",
  ],
  ["255 is read as class 1 (--label-map 255:1)", "255 is read as class 1"],
])("%s", (sentence, words = sentence) => {
  expect(inPageWords(sentence)).toBe(words);
});
