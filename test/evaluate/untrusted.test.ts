/** A model from a stranger is opened first in a process of its own: whatever happens there is an error that names the file. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { inSharedMemory } from "../../src/base/index.js";
import { emptyGraph, type Graph, GraphBuilder, writeModel } from "../../src/onnx/index.js";
import { sampleFolder, seawall, shortEval } from "../cli/program.js";
import { tinyModel } from "../helpers/models.js";

/** The built module: the program of a process is JavaScript. */
const { tryModel } = (await import(
  new URL("../../dist/evaluate/index.node.js", import.meta.url).href
)) as typeof import("../../src/evaluate/index.node.js");

const network: Parameters<typeof tryModel>[1] = {
  kind: "network",
  options: { size: { height: 12, width: 16 } },
  engine: {},
  plugin: [],
};
const tiny = (): Graph => ({ ...tinyModel(), file: "tiny.onnx" });

describe("a trial", () => {
  it("lets a sound model pass, also one whose weights threads share", async () => {
    await tryModel(tiny(), network);
    const shared = tiny();
    for (const [name, tensor] of shared.initializers) shared.initializers.set(name, inSharedMemory(tensor));
    await tryModel(shared, network);
    await tryModel(tiny(), { kind: "export", options: { loss: "ce", inputShape: [1, 3, 12, 16] } });
  });

  it("refuses a model as it would be refused here", async () => {
    const graph: Graph = { ...emptyGraph("odd", 18), file: "odd.onnx" };
    const b = new GraphBuilder(graph);
    b.output(b.op("Unheard", [b.input("image", "float32", [1, 3, 8, 8])]), "y");
    await expect(tryModel(graph, network)).rejects.toThrow(/^odd\.onnx: .*Unheard/);
  });

  it("ends by its bounds on memory and time", async () => {
    await expect(tryModel(tiny(), network, { memory: 2 ** 20 })).rejects.toThrow(
      /^tiny\.onnx: the process in which it was opened first took more than 0\.0 GiB of memory;/,
    );
    await expect(tryModel(tiny(), network, { time: 1 })).rejects.toThrow(
      /^tiny\.onnx: .* was not done after 0\.001 s; the model is not opened here/,
    );
  });
});

describe("--untrusted", () => {
  let cwd: string;
  beforeAll(async () => {
    cwd = await sampleFolder();
    // What a fault of the engine does, in the process of the trial alone.
    const fault = 'if (process.argv[1].includes("trial-process")) process.kill(process.pid, "SIGSEGV");';
    writeFileSync(join(cwd, "fault.mjs"), `${fault}\nexport default { name: "my" };`);
    writeFileSync(join(cwd, "cut.onnx"), writeModel(tinyModel()).subarray(0, 600));
  });

  it("changes no figure", async () => {
    const [plain, tried] = await Promise.all([
      seawall([...shortEval, "--json"], { cwd }),
      seawall([...shortEval, "--json", "--untrusted"], { cwd }),
    ]);
    expect(tried.code, tried.stderr).toBe(0);
    const robust = (text: string) => JSON.parse(text).robust;
    expect(robust(tried.stdout)).toEqual(robust(plain.stdout));
  });

  it.each(["eval", "doctor"])("%s names a file that crashes the engine", async (verb) => {
    const [, ...flags] = shortEval;
    const { code, stderr } = await seawall([verb, ...flags, "--plugin", "fault.mjs", "--untrusted"], {
      cwd,
    });
    expect(code).toBe(2);
    expect(stderr).toContain("model.onnx: the process in which it was opened first ended with SIGSEGV");
  });

  it("is an option of grad and verify too", async () => {
    const written = await seawall(["grad", "--model", "cut.onnx", "--out", "g.onnx", "--untrusted"], { cwd });
    expect([written.code, written.stderr]).toEqual([2, expect.stringContaining("cut.onnx: ")]);
    await seawall([...shortEval, "--out", "run"], { cwd });
    const verified = await seawall(["verify", "run", "--untrusted", "--sample", "1"], { cwd });
    expect(verified.code, verified.stderr).toBe(0);
  });
});
