/**
 * Where the time of a gradient goes, operator by operator, and how far its convolutions are from the processor's peak.
 *
 *     node bench/profile.mjs [--steps 10] [--top 12] [--nodes 0] MODEL.onnx:1xCxHxW …
 *
 * --top and --nodes say how many operators, and how many single nodes, are printed. One thread. The peak is that of the engine's own product of large matrices or convolution, measured before and after.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { float32 } from "../dist/base/index.js";
import { evaluateProgram } from "../dist/compile/index.js";
import { losses } from "../dist/loss/index.js";
import { emptyGraph, GraphBuilder, writeModel } from "../dist/onnx/index.js";
import { readModelFile } from "../dist/onnx/index.node.js";
import { prepareModel } from "../dist/oracle/open.js";

const ort = createRequire(import.meta.url)("onnxruntime-node");
const folder = mkdtempSync(join(tmpdir(), "seawall-profile-"));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: "string", default: "10" },
    top: { type: "string", default: "12" },
    nodes: { type: "string", default: "0" },
  },
});
const steps = Number(values.steps);

/** Runs a graph with one thread, after two runs to warm up, and returns the engine's own record of its nodes. */
async function profile(model, feeds) {
  const session = await ort.InferenceSession.create(model, {
    ...{ intraOpNumThreads: 1, logSeverityLevel: 4, enableMemPattern: false },
    ...{ enableProfiling: true, profileFilePrefix: join(folder, "profile") },
  });
  const inputs = feeds(session.inputMetadata);
  for (let i = 0; i < steps + 2; i++) await session.run(inputs);
  session.endProfiling();
  const [file] = readdirSync(folder);
  const events = JSON.parse(readFileSync(join(folder, file), "utf8"));
  rmSync(join(folder, file));
  const nodes = events.filter(({ cat, name }) => cat === "Node" && name.endsWith("_kernel_time"));
  return nodes.slice(Math.floor((nodes.length * 2) / (steps + 2)));
}

function filled(metadata) {
  const tensors = metadata.map(({ name, type, shape }) => {
    const size = shape.reduce((product, length) => product * length, 1);
    if (type === "int64")
      return [
        name,
        new ort.Tensor(
          type,
          BigInt64Array.from({ length: size }, (_, i) => BigInt(i % 2)),
          shape,
        ),
      ];
    if (type === "bool") return [name, new ort.Tensor(type, new Uint8Array(size).fill(1), shape)];
    return [
      name,
      new ort.Tensor(
        type,
        Float32Array.from({ length: size }, (_, i) => ((i * 37) % 101) / 101),
        shape,
      ),
    ];
  });
  return Object.fromEntries(tensors);
}

/** Multiplications and additions of a convolution or a product of matrices; 0 for others. */
function workOf({ args }) {
  const shape = (list, i) => Object.values(list?.[i] ?? {})[0] ?? [];
  const size = (dims) => dims.reduce((product, length) => product * length, 1);
  const [data, kernel, made] = [
    shape(args.input_type_shape, 0),
    shape(args.input_type_shape, 1),
    shape(args.output_type_shape, 0),
  ];
  if (/^(Fused)?Conv$/.test(args.op_name)) return 2 * size(made) * size(kernel.slice(1));
  if (args.op_name === "ConvTranspose") return 2 * size(data) * size(kernel.slice(1));
  if (/MatMul|Gemm/.test(args.op_name)) return 2 * size(made) * data.at(-1);
  return 0;
}

/** Operations a second of the engine's best kernel: a product of matrices, or a convolution. */
async function peak() {
  const build = new GraphBuilder(emptyGraph("peak", 18));
  const input = (name, shape) => build.input(name, "float32", shape);
  build.output(build.matmul(input("a", [1024, 1024]), input("b", [1024, 1024])));
  const kernel = build.constant(float32([256, 256, 3, 3], new Float32Array(256 * 256 * 9).fill(0.01)));
  build.output(build.op("Conv", [input("image", [1, 256, 64, 64]), kernel], { pads: [1, 1, 1, 1] }));
  const nodes = (await profile(writeModel(build.graph), filled)).filter((node) => workOf(node) > 0);
  return Math.max(...nodes.map((node) => (1e6 * workOf(node)) / node.dur));
}

async function report(file, size) {
  const [, , height, width] = size.split("x").map(Number);
  const { graph } = await readModelFile(file);
  const model = await prepareModel(graph, { size: { height, width }, batch: 1 });
  const { graph: program } = evaluateProgram(model, [losses.ce], { target: "cpu", tracking: "own" });
  const before = await peak();
  const nodes = await profile(writeModel(program), filled);
  const best = Math.max(before, await peak());
  const inner = nodes.filter(({ args }) => args.op_name !== "If");
  const total = inner.reduce((sum, { dur }) => sum + dur, 0);
  const share = (time) => `${((100 * time) / total).toFixed(1)} %`.padStart(7);
  const sums = new Map();
  for (const { dur, args } of inner) sums.set(args.op_name, (sums.get(args.op_name) ?? 0) + dur);
  const work = inner.reduce((sum, node) => sum + workOf(node), 0);
  const busy = inner.reduce((sum, node) => sum + (workOf(node) > 0 ? node.dur : 0), 0);
  console.log(
    `${basename(file)} at ${size}: ${(total / steps / 1000).toFixed(1)} ms, ${(work / steps / 1e9).toFixed(2)} · 10⁹ operations in convolutions and products`,
  );
  console.log(
    `peak ${(best / 1e9).toFixed(1)} · 10⁹ a second: convolutions and products take ${share(busy)}, and would take ${share((1e6 * work) / best)} at the peak`,
  );
  const largest = inner.slice(-Math.round(inner.length / steps)).sort((a, b) => b.dur - a.dur);
  for (const node of largest.slice(0, Number(values.nodes))) {
    const rate =
      workOf(node) > 0 ? `${((1e6 * workOf(node)) / node.dur / 1e9).toFixed(1)} · 10⁹ a second` : "";
    const shapes = node.args.input_type_shape.map((shape) => Object.values(shape)[0].join("×")).join(" ");
    console.log(
      `  ${node.args.op_name.padEnd(16)}${share(node.dur * steps)}  ${rate}  ${node.name.replace("_kernel_time", "")}  ${shapes}`,
    );
  }
  for (const [name, time] of [...sums].sort((a, b) => b[1] - a[1]).slice(0, Number(values.top)))
    console.log(`  ${name.padEnd(24)}${share(time)}`);
}

try {
  for (const text of positionals) {
    const [, file, size] = /^(.+):(\d+(?:x\d+){3})$/.exec(text) ?? [];
    if (!file) throw new Error(`${text}: expected MODEL.onnx:1xCxHxW`);
    await report(file, size);
  }
} finally {
  rmSync(folder, { recursive: true });
}
