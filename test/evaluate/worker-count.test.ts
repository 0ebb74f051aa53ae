/** How many images are attacked at the same time. */
import { availableParallelism } from "node:os";
import { expect, it } from "vitest";
import { imageWorkerCount, type Load } from "../../src/evaluate/workers/image-workers.node.js";

const load = (config: Partial<Load["config"]>, engine: Load["engine"], workerBytes = 1): Load => ({
  config: config as Load["config"],
  ...{ engine, workerBytes, data: { length: 1000 } },
});

it("is what the cores allow on the processor, and one on a card, unless told", () => {
  expect(imageWorkerCount(load({}, { device: "cpu" }))).toBe(availableParallelism());
  expect(imageWorkerCount(load({}, { threads: 3 }))).toBe(3);
  expect(imageWorkerCount(load({}, { device: "cpu" }, 2 ** 60))).toBe(1);
  expect(imageWorkerCount(load({}, { device: "cuda" }))).toBe(1);
  expect(imageWorkerCount(load({ parallel: 2 }, { device: "webgpu" }))).toBe(2);
});
