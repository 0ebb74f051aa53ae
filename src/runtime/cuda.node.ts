/** What the engine needs for CUDA, and what of it this machine has. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { neededLibraries } from "./elf.node.js";
import { type LoadedLibrary, loadLibraries } from "./libraries.node.js";

/** A part that CUDA needs: where it was found, or what is wrong with it and what to do. */
export interface CudaPart {
  readonly name: string;
  readonly found?: string;
  readonly problem?: string;
  /** Some operators use it: a run may do without. */
  readonly optional?: true;
}

/** Where parts are looked for; this machine unless a test says otherwise. */
export interface CudaPlaces {
  /** The file in which the kernel names the driver's version. */
  readonly driver: string;
  /** The folder of the engine's library, beside which it looks for its provider. */
  readonly engine: string;
  readonly load: (names: readonly string[]) => Promise<readonly LoadedLibrary[]>;
}

const provider = "libonnxruntime_providers_cuda.so";
const providerFiles = ["libonnxruntime_providers_shared.so", provider];

/** What the provider of the usual package names as needed; one that is there is asked itself. */
const usuallyNeeded = [
  ...["libcuda.so.1", "libcudart.so.13", "libcublas.so.13", "libcublasLt.so.13", "libcurand.so.10"],
];
/** What the provider loads when its first convolution runs. */
const loadedLater = "libcudnn.so.9";

/** By CUDA's version: the oldest driver, and what the provider loads for a few operators. */
const versions: Readonly<Record<string, { readonly driver: number; readonly optional: readonly string[] }>> =
  {
    12: { driver: 525, optional: ["libcufft.so.11", "libnvrtc.so.12"] },
    13: { driver: 580, optional: ["libcufft.so.12", "libnvrtc.so.13"] },
  };

/** Libraries of CUDA → packages of PyPI that hold them. */
const packages: Readonly<Record<string, string>> = {
  ...{ libcudart: "nvidia-cuda-runtime", libcublas: "nvidia-cublas", libcublasLt: "nvidia-cublas" },
  ...{ libcurand: "nvidia-curand", libcufft: "nvidia-cufft", libnvrtc: "nvidia-cuda-nvrtc" },
  ...{ libnvJitLink: "nvidia-nvjitlink", libcudnn: "nvidia-cudnn" },
};

/** PyPI's name of a package: from CUDA 13 on, the version of CUDA is in the name of cuDNN alone. */
function packageFor(name: string, version: string): string {
  return version === "12" || name === "nvidia-cudnn" ? `${name}-cu${version}` : name;
}

/** Tries every part that CUDA needs, in the order in which the engine comes to need them. */
export async function cudaParts(places: CudaPlaces = thisMachine()): Promise<CudaPart[]> {
  const files = providerFiles.map((name) => providerPart(name, places.engine));
  const needed = neededBy(join(places.engine, provider)) ?? usuallyNeeded;
  const version = needed.join().match(/libcudart\.so\.(\d+)/)?.[1] ?? "";
  const { driver, optional = [] } = versions[version] ?? {};
  const names = [...needed, loadedLater, ...optional];
  const loaded = await places.load(names);
  const libraries = names.map((name, i) => ({
    ...{ name, ...libraryState(name, loaded[i]!, version) },
    ...(optional.includes(name) && { optional: true as const }),
  }));
  return [driverPart(places.driver, version, driver), ...files, ...libraries];
}

/** What is missing without which nothing runs, a line each, and where it was looked for; undefined if nothing is. */
export async function cudaProblem(places?: CudaPlaces): Promise<string | undefined> {
  const missing = (await cudaParts(places)).filter(({ problem, optional }) => problem && !optional);
  if (missing.length === 0) return undefined;
  const lines = missing.map(({ name, problem }) => `\n  ${name}: ${problem}`);
  return `CUDA needs what this machine does not have:${lines.join("")}\n  ${cudaSearch()}`;
}

/** Where the system's loader looks for libraries. */
export function cudaSearch(): string {
  const path = process.env.LD_LIBRARY_PATH || "not set";
  return `libraries are looked for in LD_LIBRARY_PATH (${path}) and in the system's folders; docs/gpu.md says how to get them`;
}

function thisMachine(): CudaPlaces {
  const engine = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  return {
    driver: "/proc/driver/nvidia/version",
    engine: join(engine, "bin/napi-v6/linux/x64"),
    load: loadLibraries,
  };
}

function driverPart(file: string, cuda: string, least = 0): CudaPart {
  const name = "driver";
  if (!existsSync(file)) {
    return { name, problem: `no NVIDIA driver is loaded (${file} is not there); ${driverRemedy(least)}` };
  }
  const version = readFileSync(file, "utf8").match(/\d{3,}\.\d+(\.\d+)?/)?.[0] ?? "of unknown version";
  if (Number.parseInt(version, 10) < least) {
    return { name, problem: `version ${version}, CUDA ${cuda} needs ${least}; install a newer driver` };
  }
  return { name, found: version };
}

function driverRemedy(least: number): string {
  return `install NVIDIA's driver, version ${least} or later, on the machine itself; a container gets it with --gpus all`;
}

function providerPart(name: string, folder: string): CudaPart {
  const file = join(folder, name);
  if (existsSync(file)) return { name, found: file };
  return {
    name,
    problem: `not in ${folder}; lay it there, out of PyPI's onnxruntime-gpu of the engine's version`,
  };
}

/** The libraries that the provider in a file needs, apart from the system's own; undefined if it cannot be read. */
function neededBy(file: string): string[] | undefined {
  const isOfCuda = (name: string) => /^lib(cu|nv)/.test(name);
  try {
    return neededLibraries(file).filter(isOfCuda);
  } catch {
    return undefined;
  }
}

function libraryState(
  name: string,
  { file, problem }: LoadedLibrary,
  version: string,
): Pick<CudaPart, "found" | "problem"> {
  if (problem === undefined) return { found: file };
  return { problem: `${reasonOf(name, problem)}; ${libraryRemedy(name, problem, version)}` };
}

/** The loader names the library itself, or one that this one needs. */
function reasonOf(name: string, problem: string): string {
  if (!problem.includes("cannot open shared object file")) return problem;
  return problem.startsWith(`${name}:`)
    ? "not found"
    : `it needs ${problem.split(":")[0]}, which is not found`;
}

function libraryRemedy(name: string, problem: string, version: string): string {
  const missing = /^(lib\w+)\.so/.exec(problem)?.[1] ?? name.split(".")[0]!;
  if (missing === "libcuda") return "it comes with NVIDIA's driver; a container gets it with --gpus all";
  const from = packages[missing];
  return from
    ? `it is in PyPI's ${packageFor(from, version)}`
    : "install it, and name its folder in LD_LIBRARY_PATH";
}
