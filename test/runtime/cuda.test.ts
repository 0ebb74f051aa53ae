/** What CUDA needs is found by loading each part; the libraries here are made up. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type CudaPart, type CudaPlaces, cudaParts, cudaProblem } from "../../src/runtime/cuda.node.js";
import { neededLibraries } from "../../src/runtime/elf.node.js";
import type { LoadedLibrary, loadLibraries } from "../../src/runtime/libraries.node.js";

/** From the built program: a process needs files that Node can run. */
const built: { loadLibraries: typeof loadLibraries } = await import(
  new URL("../../dist/runtime/libraries.node.js", import.meta.url).href
);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seawall-cuda-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

/** The beginning of a shared library of Linux that needs others: headers, dynamic section and names, nothing to run. */
function library(needed: readonly string[]): Buffer {
  const [headers, dynamic] = [64 + 2 * 56, 16 * (needed.length + 2)];
  const strings = Buffer.from(`\0${needed.map((name) => `${name}\0`).join("")}`);
  const bytes = Buffer.alloc(headers + dynamic + strings.length);
  // The file lies in memory from here on, so that addresses are no offsets.
  const base = 0x400000;
  bytes.write("\x7fELF\x02\x01\x01", "latin1");
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(2, 56);
  const segment = (at: number, type: number, offset: number, size: number) => {
    bytes.writeUInt32LE(type, at);
    bytes.writeBigUInt64LE(BigInt(offset), at + 8);
    bytes.writeBigUInt64LE(BigInt(base + offset), at + 16);
    bytes.writeBigUInt64LE(BigInt(size), at + 32);
  };
  segment(64, 1, 0, bytes.length);
  segment(64 + 56, 2, headers, dynamic);
  const entry = (i: number, tag: number, value: number) => {
    bytes.writeBigUInt64LE(BigInt(tag), headers + 16 * i);
    bytes.writeBigUInt64LE(BigInt(value), headers + 16 * i + 8);
  };
  needed.forEach((name, i) => {
    entry(i, 1, strings.indexOf(`${name}\0`));
  });
  entry(needed.length, 5, base + headers + dynamic);
  strings.copy(bytes, headers + dynamic);
  return bytes;
}

function fileWith(name: string, content: Uint8Array | string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe("the libraries that a file needs", () => {
  it("are read from its dynamic section", () => {
    const names = ["libcudart.so.13", "libc.so.6"];
    expect(neededLibraries(fileWith("a.so", library(names)))).toEqual(names);
    expect(neededLibraries(process.execPath)).toContain("libc.so.6");
  });

  it("of what is no library are an error, whatever is wrong with it", () => {
    expect(() => neededLibraries(fileWith("text", "hello"))).toThrow(/not a shared library/);
    const whole = library(["libc.so.6"]);
    // Cut short, or with any byte changed, a file gives names or an error, and never hangs.
    for (let length = 0; length < whole.length; length += 7) {
      try {
        neededLibraries(fileWith("short", whole.subarray(0, length)));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
    const far = Buffer.from(whole);
    far.writeBigUInt64LE(1n << 60n, 64 + 2 * 56 + 16 + 8);
    expect(() => neededLibraries(fileWith("far", far))).toThrow(/lie outside of the file/);
  });
});

describe.runIf(process.platform === "linux")("loading libraries", () => {
  it("says which file was taken, or what the loader says", async () => {
    const damaged = fileWith("libseawall.so", library([]));
    const [there, missing, broken] = await built.loadLibraries([
      "libstdc++.so.6",
      "libseawall-no.so.1",
      damaged,
    ]);
    expect(there).toEqual({ file: expect.stringMatching(/^\/.*libstdc\+\+\.so\.6/) });
    expect(missing).toEqual({ problem: expect.stringMatching(/^libseawall-no\.so\.1: cannot open/) });
    expect(broken).toEqual({ problem: expect.stringContaining("libseawall.so") });
  });
});

describe("what CUDA needs", () => {
  const driver = (version: string) =>
    fileWith(
      "version",
      `NVRM version: NVIDIA UNIX x86_64 Kernel Module  ${version}  Tue Jul 29\nGCC version: 12`,
    );
  const providers = (...needed: string[]) => {
    fileWith("libonnxruntime_providers_shared.so", library([]));
    fileWith("libonnxruntime_providers_cuda.so", library([...needed, "libstdc++.so.6"]));
  };
  /** All libraries are there but these, which the loader speaks of like this. */
  const places = (missing: Readonly<Record<string, string>> = {}, version?: string): CudaPlaces => ({
    driver: version ? driver(version) : join(folder, "none"),
    engine: folder,
    load: async (names) =>
      names.map(
        (name): LoadedLibrary => (missing[name] ? { problem: missing[name] } : { file: `/lib/${name}` }),
      ),
  });
  const absent = (name: string) => `${name}: cannot open shared object file: No such file or directory`;
  const problems = (parts: readonly CudaPart[]) =>
    Object.fromEntries(parts.flatMap(({ name, problem }) => (problem ? [[name, problem]] : [])));

  it("is there where everything is", async () => {
    providers("libcudart.so.13", "libcublas.so.13", "libcuda.so.1");
    const parts = await cudaParts(places({}, "580.65.06"));
    expect(problems(parts)).toEqual({});
    expect(parts.map(({ name }) => name)).toEqual([
      ...["driver", "libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"],
      ...["libcudart.so.13", "libcublas.so.13", "libcuda.so.1"],
      ...["libcudnn.so.9", "libcufft.so.12", "libnvrtc.so.13"],
    ]);
    expect(parts[0]).toEqual({ name: "driver", found: "580.65.06" });
    expect(await cudaProblem(places({}, "580.65.06"))).toBeUndefined();
  });

  it("is named piece by piece, with the remedy of each", async () => {
    const missing = Object.fromEntries(
      ["libcuda.so.1", "libcudart.so.13", "libcudnn.so.9", "libcufft.so.12"].map((name) => [
        name,
        absent(name),
      ]),
    );
    const parts = await cudaParts(places({ ...missing, "libcublas.so.13": absent("libcublasLt.so.13") }));
    expect(problems(parts)).toEqual({
      driver: expect.stringMatching(/^no NVIDIA driver is loaded .*version 580 or later.*--gpus all/),
      "libonnxruntime_providers_shared.so": expect.stringContaining(`not in ${folder}; lay it there`),
      "libonnxruntime_providers_cuda.so": expect.stringContaining("PyPI's onnxruntime-gpu"),
      "libcuda.so.1": expect.stringMatching(/^not found; it comes with NVIDIA's driver/),
      "libcudart.so.13": "not found; it is in PyPI's nvidia-cuda-runtime",
      "libcublas.so.13": "it needs libcublasLt.so.13, which is not found; it is in PyPI's nvidia-cublas",
      "libcudnn.so.9": "not found; it is in PyPI's nvidia-cudnn-cu13",
      "libcufft.so.12": "not found; it is in PyPI's nvidia-cufft",
    });
    const problem = await cudaProblem(places(missing));
    expect(problem).toMatch(/^CUDA needs what this machine does not have:\n {2}driver: /);
    expect(problem).toMatch(/libcudnn\.so\.9: .*\n {2}libraries are looked for in LD_LIBRARY_PATH \(/);
    expect(problem).not.toContain("libcufft");
  });

  it("is what the provider that is there was built for", async () => {
    providers("libcudart.so.12", "libcublas.so.12");
    const parts = await cudaParts(places({ "libcublas.so.12": absent("libcublas.so.12") }, "520.61"));
    expect(problems(parts)).toEqual({
      driver: "version 520.61, CUDA 12 needs 525; install a newer driver",
      "libcublas.so.12": "not found; it is in PyPI's nvidia-cublas-cu12",
    });
    expect(parts.map(({ name }) => name)).toContain("libcufft.so.11");
  });
});
