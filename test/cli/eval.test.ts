/** `seawall eval` and `seawall merge` as processes: streams, files, gates, interruption, shards. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Result, resultSchema } from "../../src/journal/index.js";
import { readResult } from "../../src/journal/index.node.js";
import { writeModel } from "../../src/onnx/index.js";
import { tinyModel } from "../helpers/models.js";
import { sampleFolder, seawall, shell, shortEval } from "./program.js";

let cwd: string;
beforeAll(async () => {
  cwd = await sampleFolder();
});

/** A result without what the clock and the folder's name decide. */
function timeless(text: string): Result {
  const result = resultSchema.parse(JSON.parse(text));
  return { ...result, cost: { ...result.cost, seconds: 0 } };
}

describe("seawall eval", () => {
  it("writes a run folder, says everything on stderr and nothing on stdout", async () => {
    const { code, stdout, stderr } = await seawall([...shortEval, "--out", "runs/first"], { cwd });
    expect(stderr).toMatch(/images +3 images, 4 classes/);
    expect(stderr).toMatch(/2\/255 +apgd:ce +aAcc 0\.\d{4} +mIoU 0\.\d{4} +worst so far aAcc/);
    expect(stderr).toMatch(
      /ε = 8\/255 +aAcc +mIoU\nclean .*\napgd:ce .*\nnoise .*\nworst case .* lower bound over these attacks: 0\.\d+/,
    );
    expect(stderr).toMatch(
      /largest \|δ\| 0\.0313\d of ε up to 8\/255 · 3 images · \d+\.\d % of pixels ignored/,
    );
    expect(stderr).toMatch(/[✓✗] gradient/);
    expect(stderr).toContain(`result: ${join("runs/first", "result.json")}`);
    expect([code, stdout]).toEqual([0, ""]);
    expect(
      resultSchema.parse(JSON.parse(readFileSync(join(cwd, "runs/first/result.json"), "utf8"))),
    ).toBeTruthy();
  });

  it("with --json prints the stored result and nothing else on stdout", async () => {
    const { code, stdout, stderr } = await seawall([...shortEval, "--out", "runs/json", "--json"], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(readResult(join(cwd, "runs/json")));
    expect(stderr).not.toContain("worst case");
  });

  it("calls figures consistency when the model is its own reference", async () => {
    const args = [...shortEval, "--labels", "self", "--steps", "2"];
    const { code, stderr } = await seawall(args, { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/ε = 2\/255 +consistency +consistency mIoU\nclean +1\.0000 +1\.0000/);
    expect(stderr).toContain("not stored; --out DIR keeps a run");
  });

  it("takes settings from a file, and the line wins", async () => {
    const config = join(cwd, "settings.yaml");
    await writeFile(
      config,
      'model: model.onnx\ndata: folder:images,labels\nclasses: 4\nignoreLabel: 255\neps: "0.01"\nattacks: square\nsteps: 2\n',
    );
    const { code, stdout } = await seawall(["eval", "--config", config, "--steps", "3", "--json"], { cwd });
    expect(code).toBe(0);
    expect(timeless(stdout).protocol).toMatchObject({
      eps: ["0.01"],
      members: [{ name: "square", steps: 3 }],
    });
  });

  it("draws no colour and no bar outside a terminal", async () => {
    const { stderr } = await seawall(shortEval, { cwd, env: { FORCE_COLOR: "" } });
    expect(stderr).not.toContain("\u001b");
  });

  it("plans without doing anything", async () => {
    const { code, stdout, stderr } = await seawall([...shortEval, "--out", "runs/dry", "--dry-run"], { cwd });
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/radii +2\/255, 8\/255\nattacks +apgd:ce, noise\npasses +at most \d+ forward/);
    expect(existsSync(join(cwd, "runs/dry"))).toBe(false);
    const { stdout: json } = await seawall([...shortEval, "--dry-run", "--json"], { cwd });
    expect(JSON.parse(json)).toMatchObject({ images: 3, classes: 4, attacks: ["apgd:ce", "noise"] });
  });
});

describe("gates", () => {
  it("end with 0 when all hold and with 3 when one does not", async () => {
    const holds = await seawall([...shortEval, "--gate", "clean.aAcc>=0"], { cwd });
    expect(holds.code).toBe(0);
    expect(holds.stderr).toMatch(/✓ gate clean\.aAcc>=0 holds: 0\.\d{4}/);

    const gates = ["--gate", "clean.aAcc>=0", "--gate", "worst.mIoU@8/255>=0.99"];
    const fails = await seawall([...shortEval, ...gates, "--json"], { cwd });
    expect(fails.code).toBe(3);
    expect(fails.stderr).toMatch(/✓ gate clean/);
    expect(fails.stderr).toMatch(/✗ gate worst\.mIoU@8\/255>=0\.99 does not hold: 0\.\d{4}/);
    expect(timeless(fails.stdout).data.images).toBe(3);
  });

  it("are refused before the run when they cannot be judged", async () => {
    const out = join(cwd, "runs/gated");
    const wrong = await seawall([...shortEval, "--out", out, "--gate", "worst.mIoU@4/255>=0.6"], { cwd });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/no radius 4\/255; expected one of @2\/255, @8\/255/);
    const shard = await seawall([...shortEval, "--shard", "1/2", "--gate", "clean.aAcc>0"], { cwd });
    expect([shard.code, shard.stderr]).toEqual([2, expect.stringMatching(/seawall merge/)]);
    expect(existsSync(out)).toBe(false);
  });
});

describe("interruption", () => {
  /** Long enough to be met in the middle, short enough to be finished after it. */
  const long = [...shortEval.slice(0, -2), "--steps", "400"];

  it("keeps what is done, prints the command that continues, and continues to the same result", async () => {
    const whole = await seawall([...long, "--json"], { cwd });
    const out = "runs/it's cut";
    const lines = async () =>
      (await readFile(join(cwd, out, "journal.jsonl"), "utf8")).trimEnd().split("\n").length;
    const cut = await seawall([...long, "--out", out], {
      cwd,
      onStart: async (child) => {
        while (child.exitCode === null && (await lines().catch(() => 0)) < 4)
          await new Promise((r) => setTimeout(r, 10));
        child.kill("SIGINT");
      },
    });
    expect(cut.code).toBe(130);
    expect(cut.stderr).toMatch(/stopping after the pass in progress/);
    const done = await lines();
    expect(done).toBeGreaterThanOrEqual(4);
    expect(done).toBeLessThan(15);

    const printed = /Continue with\n {2}(.*)\n/.exec(cut.stderr)?.[1];
    expect(printed).toMatch(/--resume$/);
    const resumed = await shell(`${printed} --json`, { cwd });
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(new RegExp(`resumed +${done} of 15 records`));
    expect(timeless(resumed.stdout)).toEqual(timeless(whole.stdout));
  });

  it("ends at once when asked twice, and says that nothing was kept without a folder", async () => {
    const endless = [...shortEval.slice(0, -2), "--steps", "1000000"];
    let asked = 0;
    const twice = await seawall(endless, {
      cwd,
      onStderr: (text, child) => {
        if (asked === 0 && text.includes("passes")) asked += Number(child.kill("SIGTERM"));
        if (asked === 1 && text.includes("stopping")) asked += Number(child.kill("SIGINT"));
      },
    });
    // Which a shell reports as 130.
    expect(twice.code).toBe("SIGINT");

    let once = false;
    const { code: single, stderr } = await seawall(endless, {
      cwd,
      onStderr: (text, child) => {
        if (!once && text.includes("passes")) once = child.kill("SIGTERM");
      },
    });
    expect(single).toBe(130);
    expect(stderr).toMatch(/interrupted; nothing is kept/);
  });
  it("ends within seconds during a pass that does not end", async () => {
    const stuck = `
      import { writeSync } from "node:fs";
      const run = () => { for (writeSync(2, "no end"); ; ); };
      const make = () => ({ losses: [], passes: () => 1, run });
      export default { name: "my", attacks: { stuck: { takes: "nothing", help: "", make } } };`;
    writeFileSync(join(cwd, "stuck.mjs"), stuck);
    const attacks = ["--plugin", "stuck.mjs", "--attacks", "my:stuck", "--parallel", "1", "--out", "stuck"];
    let asked = false;
    const { code, stderr } = await seawall([...shortEval.slice(0, -4), ...attacks], {
      cwd,
      onStderr: (text, child) => {
        if (!asked && text.includes("no end")) asked = child.kill("SIGTERM");
      },
    });
    // Which a shell reports as 130.
    expect(code).toBe("SIGINT");
    expect(stderr).toMatch(/what was finished is kept in stuck\. Continue with/);
  });
});

describe("shards", () => {
  it("merged give the result of the whole run, and its table", async () => {
    const whole = await seawall([...shortEval, "--json"], { cwd });
    for (const i of [1, 2]) {
      const shard = await seawall([...shortEval, "--shard", `${i}/2`, "--out", `runs/shard${i}`], { cwd });
      expect(shard.code).toBe(0);
      expect(shard.stderr).toMatch(new RegExp(`shard ${i} of 2: figures are of this shard`));
    }
    const table = await seawall(["merge", "runs/shard1", "runs/shard2", "--out", "runs/table"], { cwd });
    expect([table.code, table.stdout]).toEqual([0, ""]);
    expect(table.stderr).toMatch(/ε = 2\/255 +aAcc +mIoU\nclean/);

    const gate = ["--gate", "clean.aAcc<0"];
    const merged = await seawall(
      ["merge", "runs/shard1", "runs/shard2", "--out", "runs/whole", "--json", ...gate],
      { cwd },
    );
    expect(merged.code).toBe(3);
    const { gates, ...result } = timeless(merged.stdout);
    expect(result).toEqual(timeless(whole.stdout));
    expect(gates).toMatchObject([{ gate: "clean.aAcc<0", passed: false }]);
    expect(JSON.parse(merged.stdout)).toEqual(readResult(join(cwd, "runs/whole")));
  });

  it("are refused when one is missing or a gate cannot be judged", async () => {
    await seawall([...shortEval, "--shard", "1/2", "--out", "runs/alone"], { cwd });
    const alone = await seawall(["merge", "runs/alone", "--out", "runs/no"], { cwd });
    expect(alone.code).toBe(2);
    expect(alone.stderr).toMatch(/shard 2\/2 is missing/);
    const gate = await seawall(["merge", "runs/alone", "--out", "runs/no", "--gate", "worst.mIoU>0"], {
      cwd,
    });
    expect([gate.code, gate.stderr]).toEqual([2, expect.stringMatching(/the radius is missing/)]);
  });
});

it("lets a reader go away without a word", async () => {
  const script = JSON.stringify(join(import.meta.dirname, "../../dist/bundle/main.js"));
  const { code, stderr } = await shell(
    `node ${script} eval --help | true; node ${script} doctor --json 2>&1 | head -c 1 >/dev/null`,
    { cwd },
  );
  expect([code, stderr]).toEqual([0, ""]);
});

it("leaves nothing in the temporary folder: the engine's own record of its use, which it would send, is off", async () => {
  const temporary = join(cwd, "temporary");
  mkdirSync(temporary);
  const { code } = await seawall([...shortEval, "--untrusted"], { cwd, env: { TMPDIR: temporary } });
  expect([code, readdirSync(temporary)]).toEqual([0, []]);
});

it("uses no more threads and workers than the machine can use, and says so", async () => {
  const most = 4 * availableParallelism();
  const many = ["--threads", "20000", "--parallel", "20000"];
  const { code, stderr } = await seawall([...shortEval, ...many, "--out", "runs/many"], { cwd });
  expect(code).toBe(0);
  expect(stderr).toContain(`--threads 20000: more than this machine can use; ${most} are used`);
  expect(stderr).toContain(`--parallel 20000: more than this machine can use; ${most} are used`);
  const { engine } = JSON.parse(readFileSync(join(cwd, "runs/many/run.json"), "utf8"));
  expect(engine.threads).toBe(most);
});

it("attacks the model that it read, also if the file is replaced before the workers begin", async () => {
  const other = writeModel(tinyModel({ after: (b, value) => b.mul(value, -1) }));
  const own = readFileSync(join(cwd, "model.onnx"));
  const robust = (out: string) => JSON.parse(readFileSync(join(cwd, out, "result.json"), "utf8")).robust;
  const inTwo = [...shortEval, "--parallel", "2", "--out"];
  try {
    await seawall([...inTwo, "runs/untouched"], { cwd });
    let replaced = false;
    await seawall([...inTwo, "runs/replaced"], {
      cwd,
      onStderr: (text) => {
        if (replaced || !text.includes("image input")) return;
        replaced = true;
        writeFileSync(join(cwd, "model.onnx"), other);
      },
    });
    expect(replaced).toBe(true);
    expect(robust("runs/replaced")).toEqual(robust("runs/untouched"));
  } finally {
    writeFileSync(join(cwd, "model.onnx"), own);
  }
});

it("tells that a merge has nothing to resume", async () => {
  for (const i of [1, 2])
    await seawall([...shortEval, "--shard", `${i}/2`, "--out", `runs/part${i}`], { cwd });
  const merge = ["merge", "runs/part1", "runs/part2", "--out", "runs/killed"];
  mkdirSync(join(cwd, "runs/killed"));
  copyFileSync(join(cwd, "runs/part1/run.json"), join(cwd, "runs/killed/run.json"));
  const refused = await seawall(merge, { cwd });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/use another --out, or delete this folder/);
  expect(refused.stderr).not.toMatch(/--resume/);
  rmSync(join(cwd, "runs/killed/run.json"));
  const leftover = join(cwd, "runs/killed/journal.jsonl.123.seawall-tmp");
  writeFileSync(leftover, "torn");
  expect((await seawall(merge, { cwd })).code).toBe(0);
  expect(existsSync(leftover)).toBe(false);
});
