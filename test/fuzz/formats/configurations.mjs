/** Configuration files of every verb that reads them: settings of other types and values, and YAML that is hard to read. */
import { stringify } from "yaml";
import { damaged } from "../mutations/bytes.mjs";
import { damagedText } from "../mutations/text.mjs";
import { damagedTree } from "../mutations/tree.mjs";
import { texts } from "../mutations/values.mjs";
import { classes, dataFiles, plainModel } from "./material.mjs";

const data = "folder:images,labels";

/** What each verb reads: settings, and the command line. */
const verbs = {
  eval: {
    settings: {
      ...{
        model: "model.onnx",
        data,
        classes,
        ignoreLabel: 255,
        eps: "1/255,2/255",
        attacks: "apgd:ce,noise",
        steps: 3,
      },
      ...{
        seed: 0,
        seeds: 1,
        limit: 1,
        offset: 0,
        parallel: 1,
        threads: 1,
        gate: ["worst.mIoU@1/255>=0"],
      },
      ...{
        mean: [0.5, 0.5, 0.5],
        std: [0.2, 0.2, 0.2],
        inputRange: [0, 1],
        perturbChannels: [1, 2],
        crop: [16, 16],
      },
    },
    args: ["--dry-run"],
  },
  /** Sizes are those of the command line, as settings may ask for a network of any size. */
  train: {
    settings: {
      ...{
        architecture: "upernet-convnext-micro-cvst",
        data,
        classes,
        out: "trained",
        crop: [32, 32],
        baseSize: 36,
      },
      ...{
        attackSteps: 1,
        epochs: 1,
        batchSize: 2,
        holdOut: 0,
        warmupEpochs: 0,
        learningRate: 0.001,
        threads: 1,
        workers: 0,
      },
    },
    args: ["--dry-run", "--crop", "32x32", "--base-size", "36", "--classes", "4", "--batch-size", "2"],
  },
  compare: {
    settings: { gate: ["worst.mIoU@4/255 diff>=0"], seed: 1, gateDespiteChecks: false },
    args: ["a", "b"],
  },
};

export async function material() {
  return { "model.onnx": plainModel(), ...dataFiles(4), "ran.mjs": "throw new Error('guard: a plugin ran')" };
}

export function makeCase(files, chance) {
  const verb = chance.of(["eval", "eval", "eval", "eval", "train", "compare"]);
  const { settings, args } = verbs[verb];
  const { mutation, file, text } = mutated(settings, chance);
  return {
    mutation: `${verb}: ${mutation}`,
    files: { ...files, [file]: text },
    args: [verb, ...args, "--config", file],
    // A setting may be read by itself and yet name a file that is not there, or contradict another.
    named: [file, "--", "model.onnx", "no such file", ".onnx: cannot be read", "a/run.json"],
  };
}

function mutated(settings, chance) {
  const kind = chance.below(10);
  if (kind < 5) {
    const values = structuredClone(settings);
    const count = chance.of([1, 1, 2]);
    const names = Array.from({ length: count }, () =>
      Object.values(damagedTree(values, chance)).join(" at "),
    );
    return { mutation: names.join(", "), ...written(values, chance) };
  }
  const { file, text } = written(settings, chance);
  if (kind < 7) {
    const { name, value } = damaged(Buffer.from(text), chance);
    return { mutation: name, file, text: value };
  }
  const { name, value } = kind === 7 ? damagedText(text, chance) : chance.mutate(yamlMutations, text);
  return kind === 7
    ? { mutation: name, file, text: value }
    : { mutation: name, file: "settings.yaml", text: value };
}

/** As YAML or as JSON. */
function written(values, chance) {
  if (chance.is(0.3)) return { file: "settings.json", text: JSON.stringify(values, null, 2) };
  return { file: "settings.yaml", text: stringify(values, { aliasDuplicateObjects: chance.is(0.5) }) };
}

const levels = (count, line) => Array.from({ length: count }, (_, i) => line(i)).join("\n");

/** Text of YAML behind or before the settings. */
const yamlMutations = {
  "an anchor within itself": (text) => `${text}eps: &a\n  b: *a\n`,
  "an alias of nothing": (text) => `${text}split: *nowhere\n`,
  "a bomb of aliases": (text) =>
    `${text}a0: &a0 [x, x, x, x, x, x, x, x, x]\n${levels(9, (i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`)}\n`,
  "a chain of merges": (text) =>
    `${text}m0: &m0 {a: 1}\n${levels(50, (i) => `m${i + 1}: &m${i + 1}\n  <<: [*m${i}, *m${i}]`)}\n`,
  "a tag": (text, chance) => {
    const tags = [
      "!!js/function 'function(){ process.exit(7) }'",
      "!!python/object/apply:os.system ['touch ran']",
      "!!binary aGVsbG8=",
      "!!set {a, b}",
    ];
    return `${text}split: ${chance.of([...tags, "!!timestamp 2001-01-01", "!!float .nan", "!local x", "!!map x", "!!int 1e999"])}\n`;
  },
  "deep lists": (text, chance) => `${text}split: ${"[".repeat(chance.of([100, 5000, 200_000]))}\n`,
  "deep maps": (text, chance) => `${text}split: ${"{a: ".repeat(chance.of([100, 5000, 100_000]))}\n`,
  "deep indentation": (text, chance) =>
    `${text}split:\n${levels(chance.of([50, 1000]), (i) => `${" ".repeat(i + 1)}a:`)}\n`,
  "a setting twice": (text) => text + text,
  "two documents": (text) => `${text}---\n${text}`,
  "a version": (text, chance) => `%YAML ${chance.of(["1.1", "9.9", "x"])}\n%TAG ! tag:x,1:\n---\n${text}`,
  tabs: (text) => text.replaceAll("  ", "\t"),
  "a text": (text, chance) => `${text}split: "${chance.of(texts)}"\n`,
  "a plugin": (text, chance) =>
    `${text}plugin: ${JSON.stringify(chance.of(["missing.mjs", "/etc/passwd", "data:text/javascript,0", "node:fs", "model.onnx"]))}\n`,
  "no settings": (_, chance) => chance.of(["", "#", "---", "null", "[]", "text", "- a", "{}", "\0"]),
  "very many settings": (text) => text + levels(10_000, (i) => `a${i}:`),
  "a very large file": (text) => text + `# ${"a".repeat(80)}\n`.repeat(20_000),
};
