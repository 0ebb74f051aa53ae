/** Models with a NaN among their logits: a pixel without a class is wrong, whatever the engine's argmax makes of it. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { float32, type Tensor } from "../../src/base/index.js";
import type { EvaluationInput } from "../../src/evaluate/index.js";
import { runEvaluation, verifyRun } from "../../src/evaluate/index.node.js";
import { readRun } from "../../src/journal/index.node.js";
import { emptyGraph, GraphBuilder, writeModel } from "../../src/onnx/index.js";
import { folderWith, greyPng } from "../data/pixels.js";

const [height, width] = [12, 16];
const area = height * width;
/** No pixel is NaN at this grey level, and any may be within 4/255. */
const near = 126;
let root: string;

/** Grey images: class 0 by far; NaN in the logit of one class where a pixel is lighter than one half. */
function brokenModel(broken: 0 | 1): Uint8Array {
  const graph = emptyGraph("broken", 18);
  const b = new GraphBuilder(graph);
  const image = b.input("image", "float32", ["n", 1, "h", "w"]);
  const of = (dims: number[], data: number[]): Tensor => float32(dims, data);
  const logits = b.op("Conv", [image, b.constant(of([2, 1, 1, 1], [4, -4])), b.constant(of([2], [1, -1]))]);
  const zeroOrNaN = b.mul(b.op("Sqrt", [b.sub(0.5, image)]), 0);
  const one = b.constant(of([1, 2, 1, 1], broken === 0 ? [1, 0] : [0, 1]));
  b.output(b.add(logits, b.mul(zeroOrNaN, one)), "logits");
  return writeModel(graph);
}

beforeAll(async () => {
  const grey = (levels: (i: number) => number) =>
    greyPng(
      height,
      width,
      Array.from({ length: area }, (_, i) => levels(i)),
    );
  root = await folderWith({
    "0.onnx": brokenModel(0),
    "1.onnx": brokenModel(1),
    "half/images/a.png": grey((i) => (i % width < width / 2 ? 40 : 200)),
    "half/labels/a.png": grey(() => 0),
    "near/images/a.png": grey(() => near),
    "near/labels/a.png": grey(() => 0),
  });
});

const settings = (broken: number, data: string) => ({
  model: join(root, `${broken}.onnx`),
  data: `folder:${join(root, data)}/images,${join(root, data)}/labels`,
  eps: "4/255",
  attacks: "apgd:ce,apgd:expected-accuracy,square",
  steps: 5,
  parallel: 1,
});
const finite = ({ soundness }: Awaited<ReturnType<typeof runEvaluation>>) =>
  soundness.find(({ check }) => check === "finite");

describe.each([0, 1])("a NaN in the logit of class %i", (broken) => {
  it("makes a pixel of a clean image wrong", async () => {
    const result = await runEvaluation(settings(broken, "half"));
    expect(result.clean.aAcc).toBe(0.5);
    expect(finite(result)).toMatchObject({ status: "fail" });
    expect(finite(result)?.detail).toMatch(/at most 50(\.0+)? % of the pixels, of image "a"/);
  });

  it.each<Partial<EvaluationInput>>([{}, { window: [8, 8], stride: [4, 4] }])(
    "is found in the ball, with %j",
    async (sliding) => {
      const out = join(root, `run-${broken}-${Object.keys(sliding).length}`);
      const result = await runEvaluation({ ...settings(broken, "near"), ...sliding, out });
      expect(result.clean.aAcc).toBe(1);
      for (const { attack, undecided = 0, correct } of readRun(out).records) {
        expect({ attack, all: undecided + correct }).toEqual({ attack, all: area });
        if (attack !== "clean") expect(undecided).toBeGreaterThan(area / 3);
      }
      expect(finite(result)?.status).toBe("fail");
      expect((await verifyRun(out)).match).toBe(true);
    },
  );
});

it("is no complaint about a model without one", async () => {
  const result = await runEvaluation({ ...settings(0, "near"), eps: "0.5/255" });
  expect(finite(result)).toMatchObject({ status: "pass" });
});
