/** The model that ships is sound: no check is raised by it, given enough steps for the radius. */
import { expect, it } from "vitest";
import { runEvaluation } from "../../src/evaluate/index.node.js";

it("raises no check", async () => {
  const { soundness } = await runEvaluation({
    ...{ model: "demo/model.onnx", data: "folder:demo/images", labels: "self", classes: "demo/classes.txt" },
    ...{ attacks: "apgd:mask-ce,square", eps: "2/255,4/255", steps: 10, limit: 1, parallel: 1 },
  });
  const raised = soundness.filter(({ status }) => status === "warn" || status === "fail");
  expect(raised).toEqual([]);
  expect(soundness).toHaveLength(17);
});
