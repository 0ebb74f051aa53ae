/** Runs the built program as a process, and makes it something to work on. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, onTestFinished } from "vitest";
import { randomStream } from "../../src/base/index.js";
import type { EvaluationInput } from "../../src/evaluate/index.js";
import { runEvaluation } from "../../src/evaluate/index.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { greyPng, rgbPng } from "../data/pixels.js";
import { tinyModel } from "../helpers/models.js";

const script = fileURLToPath(new URL("../../dist/bundle/main.js", import.meta.url));

export interface Ended {
  /** Exit code, or the signal that ended it. */
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Setting {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with all of stderr so far, whenever there is more. */
  readonly onStderr?: (text: string, child: ChildProcess) => void;
  readonly onStart?: (child: ChildProcess) => void;
}

/** The variables of a plain shell: those of npm and CI would change what is said. */
const plain = {
  PATH: process.env.PATH ?? "",
  HOME: tmpdir(),
  XDG_CACHE_HOME: join(tmpdir(), "seawall-test-cache"),
};

/** Runs `seawall` with these arguments to its end. */
export function seawall(args: readonly string[], setting: Setting = {}): Promise<Ended> {
  return command(process.execPath, [script, ...args], setting);
}

/** Runs a command line as a shell reads it. */
export function shell(line: string, setting: Setting = {}): Promise<Ended> {
  return command("sh", ["-c", line], setting);
}

function command(
  file: string,
  args: readonly string[],
  { cwd, env, onStderr, onStart }: Setting,
): Promise<Ended> {
  const child = spawn(file, args, { cwd, env: { ...plain, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
    onStderr?.(stderr, child);
  });
  onStart?.(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: code ?? signal, stdout, stderr }));
  });
}

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A folder with these files, removed when the test file is done. */
export async function folderWith(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "seawall-cli-"));
  folders.push(folder);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

export interface SampleOptions {
  readonly images?: number;
  readonly size?: number;
}

/** A folder with `model.onnx` (4 classes), `images/` and `labels/` (255 counts nowhere). */
export function sampleFolder({ images = 3, size = 16 }: SampleOptions = {}): Promise<string> {
  const files: Record<string, Uint8Array | string> = { "model.onnx": writeModel(tinyModel()) };
  for (let i = 0; i < images; i++) {
    const random = randomStream("cli sample", i);
    const draw = (length: number, below: number) =>
      Uint8Array.from({ length }, () => Math.floor(random.next() * below));
    const labels = draw(size * size, 5).map((label) => (label === 4 ? 255 : label));
    files[`images/photo${i}.png`] = rgbPng(size, size, draw(3 * size * size, 256));
    files[`labels/photo${i}.png`] = greyPng(size, size, labels);
  }
  return folderWith(files);
}

/** Arguments of a short evaluation of the sample. */
export const shortEval = [
  ...["eval", "--model", "model.onnx", "--data", "folder:images,labels"],
  ...["--classes", "4", "--ignore-label", "255", "--eps", "2/255,8/255", "--attacks", "apgd:ce,noise"],
  ...["--steps", "5"],
];

/** A finished run of the sample in `folder`, made in this process; its paths are absolute. */
export async function storedRun(
  folder: string,
  out: string,
  change: Partial<EvaluationInput> = {},
): Promise<void> {
  await runEvaluation({
    ...{
      model: join(folder, "model.onnx"),
      data: `folder:${join(folder, "images")},${join(folder, "labels")}`,
    },
    ...{ classes: 4, ignoreLabel: 255, eps: "2/255,8/255", attacks: "apgd:ce,noise", steps: 5, parallel: 1 },
    ...change,
    out: join(folder, out),
  });
}
