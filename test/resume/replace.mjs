/**
 * Replaces the model file at random moments of an evaluation, by a rename or by writing over it, and says what came of it.
 *
 *     node test/resume/replace.mjs [--seed N] TIMES
 *
 * Either the run is refused with the file's name, or its result is that of one of the two files, the one whose SHA-256 it
 * states. Exits with 1 if anything else happens.
 */
import { spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encode } from "fast-png";
import { randomStream } from "../../dist/base/index.js";
import { emptyGraph, GraphBuilder, writeModel } from "../../dist/onnx/index.js";
import { seawall, timed } from "./program.mjs";

const program = fileURLToPath(new URL("../../dist/bundle/main.js", import.meta.url));
const [width, height, images] = [32, 24, 4];

/** Conv 3×3 → Relu → Conv 1×1, with weights of a seed; padded, so that reading it takes a moment. */
function model(seed) {
  const b = new GraphBuilder(emptyGraph("model", 18));
  const random = randomStream("replace", seed);
  const weights = (...dims) => {
    const data = random.uniform(
      dims.reduce((product, n) => product * n),
      -0.5,
      0.5,
    );
    return b.constant({ type: "float32", dims, data: Float32Array.from(data) });
  };
  const image = b.input("image", "float32", ["n", 3, "h", "w"]);
  const hidden = b.op("Relu", [b.op("Conv", [image, weights(8, 3, 3, 3)], { pads: [1, 1, 1, 1] })]);
  const padding = b.reduce("ReduceSum", weights(4_000_000), [0], false);
  b.output(b.add(b.op("Conv", [hidden, weights(4, 8, 1, 1)]), b.mul(padding, 0)), "logits");
  return writeModel(b.graph);
}

function makeInputs(root) {
  for (const folder of ["images", "labels"]) mkdirSync(join(root, folder));
  for (let i = 0; i < images; i++) {
    const random = randomStream("replace image", i);
    const pixels = Uint8Array.from(random.uniform(3 * width * height, 0, 256));
    const labels = Uint8Array.from(random.uniform(width * height, 0, 4));
    writeFileSync(join(root, `images/${i}.png`), encode({ width, height, data: pixels, channels: 3 }));
    writeFileSync(join(root, `labels/${i}.png`), encode({ width, height, data: labels, channels: 1 }));
  }
  for (const seed of [1, 2]) writeFileSync(join(root, `${seed}.onnx`), model(seed));
}

/** What decides a run's figures, and the hash of the model that it states. */
function outcomeOf(dir) {
  const { clean, robust } = JSON.parse(readFileSync(join(dir, "result.json"), "utf8"));
  const { sha256 } = JSON.parse(readFileSync(join(dir, "run.json"), "utf8")).model;
  return JSON.stringify({ sha256, clean, robust });
}

/** Runs the program and replaces the file after `delay` ms. @returns exit code and stderr */
function runAndReplace(flags, delay, replace) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...flags], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    const timer = setTimeout(replace, delay);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, said });
    });
  });
}

async function main([first, ...rest]) {
  const [seed, times] = first === "--seed" ? rest : [0, first];
  const root = mkdtempSync(join(tmpdir(), "seawall-replace-"));
  const at = (name) => join(root, name);
  makeInputs(root);
  const data = ["--data", `folder:${at("images")},${at("labels")}`, "--classes", "4"];
  const flags = [
    "eval",
    ...data,
    "--eps",
    "8/255",
    "--attacks",
    "apgd:ce,apgd:js",
    "--steps",
    "40",
    "--parallel",
    "2",
  ];
  const alone = (n) => seawall(...flags, "--model", at(`${n}.onnx`), "--out", at(`alone${n}`));
  const duration = timed(() => alone(1));
  alone(2);
  const known = [outcomeOf(at("alone1")), outcomeOf(at("alone2"))];
  const moments = randomStream("replace moments", Number(seed));
  const tally = { first: 0, second: 0, refused: 0, wrong: 0 };
  for (let i = 0; i < Number(times); i++) {
    copyFileSync(at("1.onnx"), at("model.onnx"));
    copyFileSync(at("2.onnx"), at("next.onnx"));
    const byRename = moments.next() < 0.5;
    const replace = () =>
      byRename ? renameSync(at("next.onnx"), at("model.onnx")) : copyFileSync(at("2.onnx"), at("model.onnx"));
    const out = at(`run${i}`);
    const { code, said } = await runAndReplace(
      [...flags, "--model", at("model.onnx"), "--out", out],
      moments.next() * duration,
      replace,
    );
    const found = existsSync(join(out, "result.json")) ? known.indexOf(outcomeOf(out)) : -1;
    if (code === 0 && found >= 0) tally[found === 0 ? "first" : "second"]++;
    else if (code === 2 && said.includes("model.onnx: ")) tally.refused++;
    else {
      tally.wrong++;
      console.log(`WRONG: exit code ${code}\n${said}`);
    }
  }
  console.log(`replaced ${times} times: ${JSON.stringify(tally)}`);
  process.exitCode = tally.wrong > 0 ? 1 : 0;
}

await main(process.argv.slice(2));
