/** The machine and the engine's devices. */
import { execFile } from "node:child_process";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Device, devices, engineVersion } from "../../runtime/index.js";
import { cudaParts, cudaSearch } from "../../runtime/index.node.js";
import { version } from "../plan/version.node.js";
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

/**
 * The engine, and whether each device really computes.
 * @param wanted the device of the run: what keeps it from computing is a failure, and of CUDA every part is named
 */
export async function examineEngine(wanted: Device = "cpu"): Promise<Finding[]> {
  const findings = new Findings("engine");
  findings.add("pass", engineVersion.name, engineVersion.version);
  const known = devices();
  if (!known.some(({ device }) => device === wanted))
    findings.add("fail", wanted, `ONNX Runtime has no such device on ${process.platform} ${process.arch}`);
  else if (wanted === "cuda") await addCudaParts(findings);
  const problems = await Promise.all(known.map(({ device }) => probe(device)));
  for (const [i, { device }] of known.entries()) {
    const problem = problems[i];
    if (problem === undefined) findings.add("pass", device, "computes");
    else findings.add(device === wanted ? "fail" : "skip", device, `${problem}; ${remedy(device, wanted)}`);
  }
  return findings.list;
}

async function addCudaParts(findings: Findings): Promise<void> {
  const parts = await cudaParts();
  for (const { name, found, problem, optional } of parts) {
    if (problem === undefined) findings.add("pass", name, found ?? "found");
    else
      findings.add(optional ? "warn" : "fail", name, optional ? `${problem}; few operators use it` : problem);
  }
  if (parts.some(({ problem }) => problem)) findings.add("skip", "search", cudaSearch());
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
    const { stdout, stderr, signal } = error as Partial<Record<"stdout" | "stderr" | "signal", string>>;
    // What the system's loader said is in the engine's own log alone.
    const loader = stderr?.match(/ with error: (.*)/)?.[1];
    return (
      loader?.trim() || stdout?.trim() || `the probe ended without an answer${signal ? ` (${signal})` : ""}`
    );
  }
}

function remedy(device: Device, wanted: Device): string {
  if (device === "cuda") return wanted === "cuda" ? "see docs/gpu.md" : "--device cuda lists what is missing";
  if (device === "webgpu") return "needs a graphics card with a Vulkan, Metal or Direct3D 12 driver";
  return "reinstall with npm ci";
}
