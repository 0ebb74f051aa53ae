/** The command line of settings, for those who copy it into a shell. */
import { expect, it } from "vitest";
import { evalCommand } from "../../src/cli/output/eval-command.js";

it("names each setting that is given, quoted for a shell", () => {
  expect(
    evalCommand({
      model: "my model.onnx",
      data: "folder:it's,labels",
      labels: "self",
      ignoreLabel: 255,
      resizeShort: 512,
      eps: "4/255",
      device: undefined,
      saveImages: true,
      report: false,
      out: "run",
    }),
  ).toBe(
    "seawall eval --model 'my model.onnx' --data 'folder:it'\\''s,labels' --labels self --ignore-label 255 --resize-short 512 --eps 4/255 --save-images --out run",
  );
});
