/** Weights in another file: where it is, and which part of it. */

import { integers, texts } from "../../mutations/values.mjs";
import { entriesOf, tensorsIn } from "./parts.mjs";

const locations = [
  ...[
    "weights.bin",
    "weights.bin",
    "weights.bin",
    "missing.bin",
    "linked.bin",
    "empty.bin",
    "folder",
    "model.onnx",
  ],
  ...[
    "../outside/secret.bin",
    "folder/../../outside/secret.bin",
    "./weights.bin",
    "weights.bin/",
    "Weights.BIN",
  ],
  ...[
    "linked/secret.bin",
    "/etc/passwd",
    "/dev/zero",
    "/dev/random",
    "/dev/stdin",
    "/proc/self/mem",
    "zero",
    "stdin",
  ],
  ...texts,
];

/** Files beside the model that locations name. */
export const externalFiles = {
  "weights.bin": Buffer.alloc(4096, 1),
  "empty.bin": Buffer.alloc(0),
  "folder/inside.bin": Buffer.alloc(64),
  "linked.bin": { link: "../outside/secret.bin" },
  linked: { link: "../outside" },
  zero: { link: "/dev/zero" },
  stdin: { link: "/dev/stdin" },
};

export const external = {
  "weights in another file": (model, chance) => {
    const tensor = chance.of(tensorsIn(model));
    if (!tensor) return;
    const part = {
      ...(chance.is(0.5) && { offset: textOf(chance) }),
      ...(chance.is(0.5) && { length: textOf(chance) }),
      ...(chance.is(0.2) && { checksum: "0" }),
    };
    tensor.dataLocation = 1;
    tensor.externalData = entriesOf({ location: chance.of(locations), ...part });
    if (chance.is(0.8)) tensor.rawData = new Uint8Array();
    if (chance.is(0.1)) tensor.externalData.push(...tensor.externalData);
    if (chance.is(0.1)) tensor.externalData.shift();
  },
};

function textOf(chance) {
  return chance.is(0.8) ? String(chance.of(integers)) : chance.of(texts);
}
