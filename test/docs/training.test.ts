/** docs/training.md: recipes and settings, printed from their tables. */
import { expect, it } from "vitest";
import { flagForm } from "../../src/cli/settings/flags.js";
import { trainingSet } from "../../src/cli/settings/training-flags.js";
import { parseTrainingConfig, recipes, trainingOptions } from "../../src/train/index.js";
import { code, expectPrinted, markdownTable } from "./printed.js";

const groups = ["Network", "Data", "Attack", "Optimization", "Running"] as const;
const required = { architecture: "pspnet-50", data: "voc:ROOT", out: "runs/x" };
const complete: Readonly<Record<string, unknown>> = parseTrainingConfig(required);

function fallback(setting: string): string {
  if (setting in required) return "needed";
  const value = complete[setting];
  if (value === undefined || JSON.stringify(value) === "{}") return "–";
  return code(String(value));
}

it.each(groups)("prints the settings of the group %s", (group) => {
  const fields: Readonly<Record<string, { readonly description?: string | undefined }>> =
    trainingOptions.shape;
  const rows = Object.entries(trainingSet.flags)
    .filter(([, flag]) => flag.group === group)
    .map(([setting]) => [
      code(setting),
      code(flagForm(setting, trainingSet)),
      fallback(setting),
      fields[setting]!.description ?? "",
    ]);
  expect(rows.length).toBeGreaterThan(3);
  const head = ["setting", "flag", "if left out", "meaning"];
  expectPrinted("training.md", group.toLowerCase(), markdownTable(head, rows));
});

it("prints the recipes with the paper's figures", () => {
  const radii = ["clean", "4/255", "8/255", "12/255"] as const;
  const rows = Object.entries(recipes).map(([name, { summary, published }]) => [
    code(name),
    summary,
    ...radii.map((radius) => published[radius].map((figure) => figure?.toFixed(1) ?? "–").join(" / ")),
  ]);
  expectPrinted("training.md", "recipes", markdownTable(["recipe", "what", ...radii], rows));
});
