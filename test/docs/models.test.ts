/** docs/models.md: the architectures and the key maps, printed from their tables. */
import { it } from "vitest";
import {
  type ArchitectureName,
  architectures,
  describeArchitecture,
  type KeyMap,
  keyMaps,
} from "../../src/nn/index.js";
import { code, expectPrinted, markdownTable } from "./printed.js";

const count = (number: number) => number.toLocaleString("en-US");

it("prints the architectures", () => {
  const rows = (Object.keys(architectures) as ArchitectureName[]).map((name) => {
    const { summary, classes, size, parameters, inferenceParameters, multiplyAdds, normalization } =
      describeArchitecture(name);
    return [
      code(name),
      summary,
      `${classes} at ${size.join("×")}`,
      normalization,
      count(parameters),
      count(inferenceParameters),
      (multiplyAdds / 1e9).toFixed(1),
    ];
  });
  const head = [
    "name",
    "what it is",
    "classes, size",
    "normalization",
    "parameters",
    "in inference",
    "10⁹ mult-adds",
  ];
  expectPrinted("models.md", "architectures", markdownTable(head, rows));
});

it("prints the key maps", () => {
  const rows = Object.entries<KeyMap>(keyMaps).map(([name, keyMap]) => [
    code(name),
    keyMap.summary,
    keyMap.family,
    keyMap.backbone ? "backbone" : "whole network",
    keyMap.normalization ?? "–",
  ]);
  const head = ["key map", "checkpoints of", "architectures", "holds", "normalization"];
  expectPrinted("models.md", "key maps", markdownTable(head, rows));
});
