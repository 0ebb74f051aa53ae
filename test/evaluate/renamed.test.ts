/** Settings under their old names, in the library. */
import { expect, it } from "vitest";
import { evaluationSchema, parseConfig, renamedSettings, renameSettings } from "../../src/evaluate/index.js";
import { planEvaluation } from "../../src/evaluate/index.node.js";

const required = { model: "m.onnx", data: "folder:a,b", eps: "4/255" };

it("lead to settings that there are, and are none themselves", () => {
  for (const [old, present] of Object.entries(renamedSettings)) {
    expect(evaluationSchema.shape).toHaveProperty(present);
    expect(evaluationSchema.shape).not.toHaveProperty(old);
  }
});

it("are read, the present name winning", () => {
  expect(parseConfig({ ...required, batchSize: 3 })).toMatchObject({ parallel: 3 });
  expect(parseConfig({ ...required, batchSize: 3 })).not.toHaveProperty("batchSize");
  expect(parseConfig({ ...required, batchSize: 3, parallel: 2 })).toMatchObject({ parallel: 2 });
  expect(parseConfig({ ...required, batchSize: undefined }).parallel).toBeUndefined();
  expect(() => parseConfig({ ...required, batchSize: 0 })).toThrow("parallel: ");
  expect(() => parseConfig([])).toThrow("configuration: ");
});

it("are said once each", async () => {
  expect(renameSettings({ ...required, parallel: 1 }).notices).toEqual([]);
  const notices: string[] = [];
  const config = {
    ...{ model: "demo/model.onnx", data: "folder:demo/images", labels: "self" as const, eps: "1/255" },
    ...{ attacks: "noise", limit: 1, batchSize: 1 },
  };
  await planEvaluation(config, { onNotice: (sentence) => notices.push(sentence) });
  const said = notices.filter((sentence) => sentence.includes("batchSize"));
  expect(said).toEqual(["batchSize is now called parallel; the old name still works for now"]);
});
