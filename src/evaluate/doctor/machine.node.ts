/** The machine and the engine's devices. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Device, type DeviceInfo, devices, engineVersion } from "../../runtime/index.js";
import { version } from "../version.node.js";
import { type Finding, Findings } from "./finding.js";

/** Bytes as `1.5 GiB`. */
export function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

export function examineMachine(): Finding[] {
  const findings = new Findings("machine");
  findings.add("pass", "seawall", `${version} on Node.js ${process.versions.node}`);
  findings.add("pass", "system", `${process.platform} ${process.arch}`);
  findings.add("pass", "cores", `${availableParallelism()}, ${cpus()[0]?.model.trim() ?? "of unknown kind"}`);
  const enough = freemem() > 2 ** 30;
  findings.add(
    enough ? "pass" : "warn",
    "memory",
    `${gigabytes(totalmem())}, ${gigabytes(freemem())} free${enough ? "" : "; less than 1 GiB may not be enough"}`,
  );
  return findings.list;
}

/** The engine, and whether each device really computes. */
export async function examineEngine(): Promise<Finding[]> {
  const findings = new Findings("engine");
  findings.add("pass", engineVersion.name, engineVersion.version);
  const known = devices();
  const problems = await Promise.all(known.map(({ device }) => probe(device)));
  for (const [i, info] of known.entries()) {
    const problem = problems[i];
    if (problem === undefined) findings.add("pass", info.device, "computes");
    else findings.add(info.device === "cpu" ? "fail" : "skip", info.device, `${problem}; ${remedy(info)}`);
  }
  return findings.list;
}

const run = promisify(execFile);
const longestProbe = 60_000;

/**
 * Lets a device compute in a process of its own: a broken driver may end the process, and some write to the
 * terminal by themselves.
 * @returns what is wrong; undefined if nothing
 */
async function probe(device: Device): Promise<string | undefined> {
  const script = fileURLToPath(new URL("./probe.node.js", import.meta.url));
  try {
    await run(process.execPath, [script, device], { timeout: longestProbe });
    return undefined;
  } catch (error) {
    const { stdout = "", signal } = error as { stdout?: string; signal?: string | null };
    return stdout.trim() || `the probe ended without an answer${signal ? ` (${signal})` : ""}`;
  }
}

function remedy({ device }: DeviceInfo): string {
  if (device === "cuda") return cudaRemedy();
  if (device === "webgpu") return "needs a graphics card with a Vulkan, Metal or Direct3D 12 driver";
  return "reinstall with npm ci";
}

/** The registry's package is too small for CUDA, whose libraries ONNX Runtime loads from beside its binding. */
function cudaRemedy(): string {
  if (process.platform !== "linux" || process.arch !== "x64") return "ONNX Runtime has it for Linux x64 only";
  const folder = dirname(createRequire(import.meta.url).resolve(`${engineVersion.name}/package.json`));
  return (
    "needs an NVIDIA driver, CUDA 12 with cuDNN 9, and libonnxruntime_providers_cuda.so and " +
    `libonnxruntime_providers_shared.so in ${folder}/bin/napi-v6/linux/x64: ` +
    `ONNXRUNTIME_NODE_INSTALL=cuda12 node ${folder}/script/install.js downloads both ` +
    `(package Microsoft.ML.OnnxRuntime.Gpu.Linux ${engineVersion.version})`
  );
}
