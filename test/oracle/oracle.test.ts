/** The oracle: right against finite differences, the same alone and in a batch, and countable. */
import { describe, expect, it } from "vitest";
import { norms } from "../../src/attack/index.js";
import { randomStream } from "../../src/base/index.js";
import { differentiated, type Loss, losses } from "../../src/loss/index.js";
import { checkGradient, openModel } from "../../src/oracle/index.js";
import { tinyImage, tinyLabels, tinyModel } from "../helpers/models.js";

const [height, width] = [7, 9];

describe("the gradient of every loss", async () => {
  const model = await openModel(tinyModel(), { size: { height, width } });
  const squared = differentiated({
    name: "squared distance to the one-hot label",
    value: ({ build: b, ...pixel }) => b.pow(b.sub(1, pixel.probability()), 2),
  });
  const own = [losses.ce, losses["mask-spherical"], losses.js, squared];
  const oracle = model.oracle({ losses: own });

  it.each(own)("$name follows finite differences", async (loss) => {
    const point = tinyImage(height, width, loss.name);
    const image = oracle.image(point, tinyLabels(height, width, 4));
    const check = await checkGradient((x) => image.evaluate(x, { loss }), point, randomStream(loss.name), 6);
    expect(check.directions).toBe(6);
    expect(check.error).toBeLessThan(0.02);
  });
});

it("answers an image alone what it answers it among others, to the bit, with any number of threads", async () => {
  const ask = async (order: number[], threads: number) => {
    const model = await openModel(tinyModel(), { size: { height, width } }, { threads });
    const oracle = model.oracle({ losses: [losses.ce, losses["mask-ce"]] });
    const images = order.map((k) =>
      oracle.image(tinyImage(height, width, k), tinyLabels(height, width, 4, k)),
    );
    const answers = await Promise.all(
      images.map(async (image, i) => {
        const k = order[i]!;
        const loss = losses[k % 2 ? "ce" : "mask-ce"];
        const { gradient, ...numbers } = await image.evaluate(image.image, { loss });
        const settings = { radius: 0.1, stepSize: 0.05 * (k + 1), momentum: 0.75 };
        const tensors = { image: image.image, current: image.image, previous: image.image, gradient };
        const next = await image.step(norms.linf.ascend, tensors, settings);
        const { classes, correct } = await image.predict(next, { loss: loss });
        return { gradient, ...numbers, next, classes: Array.from(classes), correct };
      }),
    );
    await oracle.dispose();
    return answers;
  };
  const [third] = await ask([3], 1);
  expect((await ask([0, 1, 3, 2], 1))[2]).toEqual(third);
  expect((await ask([3, 4], 3))[0]).toEqual(third);
});

it("counts passes, and stops when told to", async () => {
  const model = await openModel(tinyModel(), { size: { height, width } });
  const stop = new AbortController();
  let passes = 0;
  const oracle = model.oracle({ losses: [losses.ce], signal: stop.signal, onPass: () => passes++ });
  const image = oracle.image(tinyImage(height, width), tinyLabels(height, width, 4));
  await image.evaluate(image.image, { loss: losses.ce });
  await image.predict(image.image);
  expect(image.cost).toMatchObject({ forward: 2, backward: 1 });
  expect(passes).toBe(2);
  stop.abort(new Error("stopped"));
  await expect(image.predict(image.image)).rejects.toThrow("stopped");
});

it("refuses a loss that it was opened without, and says its name", async () => {
  const model = await openModel(tinyModel(), { size: { height, width } });
  const image = model
    .oracle({ losses: [losses.ce] })
    .image(tinyImage(height, width), tinyLabels(height, width, 4));
  await expect(image.evaluate(image.image, { loss: losses.js })).rejects.toThrow(/without the loss js/);
});

it("scores by every loss that has a score of its own, each by its own", async () => {
  const model = await openModel(tinyModel(), { size: { height, width } });
  const scored = (times: number): Loss => ({
    ...losses.ce,
    name: `${times} times`,
    score: ({ build: b, ...pixel }) => b.mul(pixel.correct(), times),
  });
  const [two, three] = [scored(2), scored(3)];
  const oracle = model.oracle({ losses: [losses.ce, two, three] });
  const image = oracle.image(tinyImage(height, width), tinyLabels(height, width, 4));
  const { correct, score } = await image.predict(image.image, { loss: losses.ce });
  expect(score).toBe(correct);
  expect((await image.predict(image.image, { loss: two })).score).toBe(2 * correct);
  expect((await image.predict(image.image, { loss: three })).score).toBe(3 * correct);
});
