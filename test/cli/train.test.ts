/** `seawall train` as a process: killed and resumed, rehearsed, refused. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith } from "../data/pixels.js";
import { smallData } from "../train/small.js";
import { seawall } from "./program.js";

const network = ["--architecture", "upernet-convnext-micro-cvst", "--classes", "2", "--crop", "32x32"];
const short = [
  ...["--base-size", "36", "--attack-steps", "1", "--epochs", "3", "--batch-size", "4", "--hold-out", "4"],
  ...["--warmup-epochs", "1", "--validation-steps", "1", "--threads", "1"],
];

async function place() {
  const { root, data } = await smallData();
  const out = (name: string) => join(root, name);
  const train = (name: string, ...more: string[]) =>
    ["train", ...network, ...short, "--data", data, "--out", out(name), ...more] as const;
  return { root, data, out, train };
}

describe("a training that is killed", () => {
  it("goes on with --resume to the same weights, bit for bit", async () => {
    const { out, train } = await place();
    const whole = await seawall(train("whole"));
    expect(whole.code).toBe(0);
    expect(whole.stderr).toMatch(/epoch 3 {3}held out: clean aAcc/);
    const killed = await seawall(train("killed"), {
      onStderr: (text, child) => {
        if (text.includes("epoch 1 ")) child.kill("SIGKILL");
      },
    });
    expect(killed.code).toBe("SIGKILL");
    const resumed = await seawall(train("killed", "--resume", "--json"));
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(/continuing after update [24] of 6/);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ steps: 6, model: join(out("killed"), "model.onnx") });
    for (const file of ["last.safetensors", "model.onnx"]) {
      const [a, b] = ["whole", "killed"].map((name) => readFileSync(join(out(name), file)));
      expect(a!.equals(b!), file).toBe(true);
    }
  });

  it("says how to go on when it is interrupted", async () => {
    const { train } = await place();
    let asked = false;
    const ended = await seawall(train("stopped"), {
      onStderr: (text, child) => {
        // A second time would end it at once.
        if (!asked && text.includes("epoch 1 ")) asked = child.kill("SIGINT");
      },
    });
    expect(ended.code).toBe(130);
    expect(ended.stderr).toMatch(/Continue with\n.* train .*--resume/);
  });
});

it("what was trained can be evaluated", async () => {
  const { root, data, train } = await place();
  expect((await seawall(train("robust"))).code).toBe(0);
  const evaluated = await seawall(
    [
      ...["eval", "--model", join(root, "robust/model.onnx"), "--data", data, "--classes", "2"],
      ...[
        "--crop",
        "32x32",
        "--eps",
        "4/255",
        "--attacks",
        "pgd:ce",
        "--steps",
        "2",
        "--limit",
        "2",
        "--json",
      ],
    ],
    { cwd: root },
  );
  expect(evaluated.code).toBe(0);
  expect(JSON.parse(evaluated.stdout)).toMatchObject({ model: { classes: 2 } });
});

describe("before a training", () => {
  it("--dry-run says what it would take, and writes nothing", async () => {
    const { out, train } = await place();
    const { code, stderr } = await seawall(train("dry", "--dry-run"));
    expect(code).toBe(0);
    expect(stderr).toMatch(/network .*727,\d\d\d|network .*parameters/);
    expect(stderr).toMatch(/memory .*GiB at the peak, /);
    expect(stderr).toMatch(/time .* s an update here, about .* in all/);
    expect(existsSync(out("dry"))).toBe(false);
  });

  it("--recipes lists the paper's rows", async () => {
    const { code, stderr } = await seawall(["train", "--recipes"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /pir-at5-voc-upernet-convnext-t +92\.7\/75\.2 +88\.6\/64\.9 +71\.7\/34\.6 +28\.1\/5\.5/,
    );
  });

  it("every mistake is said at once", async () => {
    const folder = await folderWith({ "train.yaml": "epochs: none\narchitecture: resnet\n" });
    const { code, stderr } = await seawall(["train", "--config", join(folder, "train.yaml"), "--clip", "x"]);
    expect(code).toBe(2);
    expect(stderr).toContain("mistakes in the settings");
    expect(stderr).toContain("train.yaml, line 1: epochs: expected a number");
    expect(stderr).toContain("train.yaml, line 2: architecture: expected ");
    expect(stderr).toContain("--clip: expected a number");
    expect(stderr).toContain("--data SPEC is missing");
    expect(stderr).toContain("--out DIR is missing");
  });
});

describe("a training with a plugin", () => {
  it("rehearses with its loss and with data that it lists, read by a worker", async () => {
    const { root, data } = await place();
    const [images, labels] = data.replace("folder:", "").split(",");
    const source = `
      import { readdirSync } from "node:fs";
      const list = () => readdirSync(${JSON.stringify(images)}).sort().map((name) => ({
        id: name.replace(".png", ""), image: ${JSON.stringify(images)} + "/" + name, labels: ${JSON.stringify(labels)} + "/" + name,
      }));
      const twice = { value: ({ build, crossEntropy }) => build.mul(crossEntropy(), 2) };
      const tiles = { form: "my:tiles:ROOT", title: "tiles", images: "*", labels: "*", scheme: {}, variants: {}, list };
      export default { name: "my", losses: { twice }, datasets: { tiles } };`;
    const file = join(await folderWith({ "plugin.mjs": new TextEncoder().encode(source) }), "plugin.mjs");
    const rehearse = async (...more: string[]) => {
      const args = [
        "train",
        ...network,
        ...short,
        "--out",
        join(root, "none"),
        "--dry-run",
        "--json",
        ...more,
      ];
      const { code, stdout, stderr } = await seawall(args);
      expect(stderr).not.toContain("error:");
      expect(code).toBe(0);
      return (JSON.parse(stdout) as { loss: number }).loss;
    };
    const own = await rehearse("--data", data);
    const twice = await rehearse(
      "--data",
      "my:tiles:x",
      "--plugin",
      file,
      "--loss",
      "my:twice",
      "--workers",
      "1",
    );
    expect(Math.abs(twice / (2 * own) - 1)).toBeLessThan(1e-4);
  });
});

describe("a training that cannot begin ends", () => {
  it.each([
    ["with a damaged held-out image", [], 2, /p11\.png: not a jpeg/],
    [
      "when rehearsed with a wrong option",
      ["--pad-label", "5", "--dry-run"],
      2,
      /padLabel 5 is none of the 2 classes/,
    ],
    ["when the graph of an update cannot be written", ["--plugin", "failing.mjs"], 1, /no luck/],
  ] as const)("%s", async (_, more, exitCode, problem) => {
    const { root, train } = await place();
    writeFileSync(
      join(root, "failing.mjs"),
      `const gradient = () => { throw new Error("no luck"); };
       export default { name: "my", rules: { "": { LayerNormalization: { gradient }, Conv: { gradient } } } };`,
    );
    if (more.length === 0) writeFileSync(join(root, "images", "p11.png"), "damaged");
    const { code, stderr } = await seawall(train("never", ...more), { cwd: root });
    expect(stderr).toMatch(problem);
    expect(code).toBe(exitCode);
  });
});
