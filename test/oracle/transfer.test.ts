/** An oracle with the gradient of one model and the counts of another. */
import { expect, it } from "vitest";
import { losses } from "../../src/loss/index.js";
import { type ImageOracle, openModel, transferOracle } from "../../src/oracle/index.js";
import { tinyImage, tinyLabels, tinyModel } from "../helpers/models.js";

const size = { height: 6, width: 8 };
const image = tinyImage(6, 8);
const labels = tinyLabels(6, 8, 4);
const loss = losses["mask-ce"];

async function opened(graph = tinyModel()): Promise<ImageOracle> {
  const model = await openModel(graph, { size });
  return model.oracle({ losses: [loss, losses.margin] }).image(image, labels);
}

it("takes losses and gradient of the surrogate, classes and counts of the model, and costs what both cost", async () => {
  const other = tinyModel({ after: (b, logits) => b.mul(logits, -2) });
  const [scored, surrogate] = [await opened(), await opened(other)];
  const oracle = transferOracle(scored, surrogate);
  const answer = await oracle.evaluate(image, { loss });
  const [own, foreign] = [
    await (await opened()).evaluate(image, { loss }),
    await (await opened(other)).evaluate(image, { loss }),
  ];
  expect(answer).toEqual({ ...foreign, correct: own.correct, score: own.score });
  expect(answer.correct).not.toBe(foreign.correct);
  expect(oracle.cost).toMatchObject({ forward: 2, backward: 1 });
  expect((await oracle.predict(image)).correct).toBe(own.correct);
  expect(oracle.cost).toMatchObject({ forward: 3, backward: 1 });
  const perPixel = await oracle.predict(image, { loss: losses.margin });
  const told = await surrogate.predict(image, { loss: losses.margin });
  expect(perPixel).toEqual({
    ...(await scored.predict(image, { loss: losses.margin })),
    values: told.values,
  });
  expect(oracle.cost.seconds).toBeCloseTo(scored.cost.seconds + surrogate.cost.seconds);
});
