/**
 * The formats of files that users may have from others. `material` makes the sound files, once; `makeCase` damages them:
 *
 * - `mutation` what was done, in words
 * - `files` path → bytes, text or {link}
 * - `args` the command line that reads them
 * - `named` one of these must stand in a refusal
 * - `valid` whether what the program printed is a valid outcome; default: always
 */
import * as configurations from "./configurations.mjs";
import * as images from "./images/index.mjs";
import * as journals from "./journals.mjs";
import * as onnx from "./onnx/index.mjs";
import * as weights from "./weights/index.mjs";

export const formats = { onnx, weights, images, journals, configurations };
