/**
 * Everything that is measured on a device, by one command: a step of an attack, with one and with several images side by
 * side; SEA on one image; an update of adversarial training. Each against PyTorch eager and torch.compile on the same
 * device, both without TF32, in alternation.
 *
 *     npm run bench -- --device cuda --python PYTHON
 *     npm run bench -- --device cpu --python PYTHON --size 32x32 --images 1,2 --steps 4 --sea-steps 10 \
 *                      --architecture upernet-convnext-micro-cvst --modes eager
 *
 * The second line is the same program on the processor, small, to see that it works; --modes eager,compiled is the default,
 * and compiling takes minutes there. Attacks are on the network of
 * tools/upernet_small.py, which is written first. A part of the comparison that fails is said, and the rest goes on.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { alternate, Worker } from "./alternate.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** @param settings the flags of main.mjs, as text, with `steps` and `row` as numbers */
export async function compareOnDevice(settings) {
  const { device, python, size, images, seaSteps, architecture, modes, steps, row } = settings;
  const threads = String(availableParallelism());
  const folder = mkdtempSync(join(tmpdir(), "seawall-device-"));
  const model = join(folder, "upernet_small.onnx");
  const own = (worker, ...args) =>
    new Worker(process.execPath, [here(worker), args[0], args[1], threads, device, ...args.slice(2)]);
  // PyTorch has no WebGPU: beside it runs the card's own.
  const card = device === "webgpu" ? "cuda" : device;
  const torch = (script, mode, ...args) => {
    const flags = ["--threads", threads, "--device", card, ...(mode === "compiled" ? ["--compile"] : [])];
    return new Worker(python, [here(`../tools/${script}`), ...args, ...flags]);
  };
  /** Seawall against both ways of PyTorch. @returns Seawall's seconds, medians */
  const beside = async (title, seawall, script, args, count, turns) => {
    const medians = [];
    for (const mode of modes.split(",")) {
      const workers = [seawall(), torch(script, mode, ...args)];
      medians.push(await alternate(title, workers, ["Seawall", `PyTorch ${mode}`], turns, count));
    }
    return Math.min(...medians);
  };
  try {
    execFileSync(python, [here("../tools/upernet_small.py"), model, "--size", `1x3x${size}`], {
      stdio: "ignore",
    });
    const rates = [];
    for (const count of images.split(",").map(Number)) {
      const dims = `${count}x3x${size}`;
      const worker = () => own("attack.mjs", model, dims);
      const args = ["--upernet", "--size", dims];
      const seconds = await beside(`step, ${dims}`, worker, "bench_torch.py", args, count, { steps, row });
      rates.push({ count, rate: count / seconds });
    }
    const best = rates.reduce((a, b) => (b.rate > a.rate ? b : a));
    console.log(`  most images per second: ${best.rate.toFixed(1)} with --parallel ${best.count}`);

    const one = `1x3x${size}`;
    const sea = () => own("attack.mjs", model, one, seaSteps);
    const few = { steps: Math.max(1, Math.round(steps / 10)), row: 1 };
    const args = ["--upernet", "--size", one, "--steps", seaSteps];
    await beside(
      `SEA, 4 attacks of ${seaSteps} steps, ${one}`,
      sea,
      "bench_sea_torch.py",
      args,
      undefined,
      few,
    );

    const batch = `4x3x${size}`;
    const update = () => own("training.mjs", architecture, batch, "2");
    const network = [architecture, "--size", batch];
    await beside(`training ${architecture}, ${batch}`, update, "bench_training_torch.py", network, 4, {
      steps,
      row,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
