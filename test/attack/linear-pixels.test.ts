/** Attacks on a model whose pixels are linear, each by itself: how many stay right at a radius is known in closed form. */
import { afterAll, expect, it } from "vitest";
import { type Attack, almaProx, dag, padam, pdpgd } from "../../src/attack/index.js";
import { float32, randomStream } from "../../src/base/index.js";
import { losses } from "../../src/loss/index.js";
import { emptyGraph, GraphBuilder } from "../../src/onnx/index.js";
import { openModel } from "../../src/oracle/index.js";

const [height, width, classes] = [12, 16, 3];
const pixels = height * width;
const stream = randomStream("linear pixels");
/** K×C weights of a 1×1 convolution; no perturbation of the test reaches 0 or 1. */
const weights = stream.uniform(classes * 3, -1, 1);
const image = stream.uniform(3 * pixels, 0.4, 0.6);

const logit = (k: number, j: number) =>
  [0, 1, 2].reduce((sum, c) => sum + weights[3 * k + c]! * (image[c * pixels + j]! - 0.5), 0);
const gap = (k: number, l: number) =>
  [0, 1, 2].reduce((sum, c) => sum + Math.abs(weights[3 * k + c]! - weights[3 * l + c]!), 0);
const labels = Array.from({ length: pixels }, (_, j) => {
  const all = [0, 1, 2].map((k) => logit(k, j));
  return j % 9 === 0 ? -1 : all.indexOf(Math.max(...all));
});
/** The smallest ‖δ‖∞ that makes a pixel wrong: the least (u_y − u_o)/‖w_y − w_o‖₁; ignored pixels need none. */
const needed = labels.map((label, j) => {
  if (label < 0) return 0;
  const others = [0, 1, 2].filter((k) => k !== label);
  return Math.min(...others.map((k) => (logit(label, j) - logit(k, j)) / gap(label, k)));
});

const graph = emptyGraph("linear pixels", 18);
const build = new GraphBuilder(graph);
const input = build.input("image", "float32", [1, 3, height, width]);
const centred = build.sub(input, 0.5);
build.output(build.op("Conv", [centred, build.constant(float32([classes, 3, 1, 1], weights))]), "logits");
const model = await openModel(graph);
const attacks: readonly Attack[] = [almaProx, pdpgd, dag, padam(losses["mask-margin"])];
const oracle = model.oracle({ losses: attacks.flatMap((attack) => attack.losses) });
afterAll(() => oracle.dispose());

it.each(attacks)(
  "$name leaves as many pixels right as the closed form says, at every radius",
  async (attack) => {
    const counted = needed.filter((size) => size > 0).sort((a, b) => a - b);
    for (const share of [0.2, 0.5, 0.8, 1]) {
      const radius = counted[Math.ceil(share * counted.length) - 1]! + 1e-3;
      const right = needed.filter((size) => size > radius).length;
      const settings = { radius, steps: 200, norm: "linf", accounting: "strict" } as const;
      const { point } = await attack.run(oracle.image(image, labels), settings, randomStream("attack"));
      const { correct } = await oracle.image(image, labels).predict(point);
      expect(correct, `at ${radius}`).toBeGreaterThanOrEqual(right);
      expect(correct, `at ${radius}`).toBeLessThanOrEqual(right + 0.05 * counted.length);
    }
  },
);
