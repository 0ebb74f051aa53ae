/** docs/models.md: the architectures and the dialects, printed from their tables. */
import { it } from "vitest";
import {
  type ArchitectureName,
  architectures,
  type Dialect,
  describeArchitecture,
  dialects,
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

it("prints the dialects", () => {
  const rows = Object.entries<Dialect>(dialects).map(([name, dialect]) => [
    code(name),
    dialect.summary,
    dialect.family,
    dialect.backbone ? "backbone" : "whole network",
    dialect.normalization ?? "–",
  ]);
  const head = ["dialect", "whose files", "architectures", "holds", "normalization"];
  expectPrinted("models.md", "dialects", markdownTable(head, rows));
});
