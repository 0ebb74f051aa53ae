/**
 * Replaces the model file at random moments of an evaluation, by a rename or by writing over it, and says what came of it.
 *
 *     node test/resume/replace.mjs [--seed N] TIMES
 *
 * Either the run is refused with the file's name, or its result is that of one of the two files, the one whose SHA-256 it
 * states. Exits with 1 if anything else happens.
 */
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32, randomStream } from "../../dist/base/index.js";
import { writeModel } from "../../dist/onnx/index.js";
import { classes, makePictures, network } from "./material.mjs";
import { program, seawall, timed } from "./program.mjs";

/** Padded, so that reading the file takes a moment. */
function padded(b, features) {
  const padding = b.constant(float32([4_000_000], randomStream("padding").uniform(4_000_000, 0, 1)));
  return b.add(features, b.mul(b.reduce("ReduceSum", padding, [0], false), 0));
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
  makePictures(root);
  for (const key of ["1", "2"]) writeFileSync(at(`${key}.onnx`), writeModel(network(key, padded)));
  const labelled = ["--data", `folder:${at("images")},${at("labels")}`, "--ignore-label", "255"];
  const data = [...labelled, "--classes", `${classes}`, "--limit", "4"];
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
