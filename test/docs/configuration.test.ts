/** docs/configuration.md: every setting of an evaluation, printed from its schema and its flags. */
import { expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { evaluationFlags, flagForm, type Setting, settings } from "../../src/cli/settings/flags.js";
import { type DatasetLayout, datasets } from "../../src/data/index.js";
import { evaluationSchema, parseConfig } from "../../src/evaluate/index.js";
import { code, expectPrinted, markdownTable, readPage } from "./printed.js";
import { fieldsOf } from "./schema-fields.js";

const groups = ["Model", "Data", "Attack", "Running"] as const;
const required = { model: "m.onnx", data: "folder:a,b", eps: "4/255" };
const complete: Readonly<Record<string, unknown>> = parseConfig(required);

/** The value a setting has when it is left out: `300`; a dash where there is none. */
function fallback(setting: Setting): string {
  if (setting in required) return "needed";
  return code(complete[setting] === undefined ? undefined : String(complete[setting]));
}

function fileForm(setting: Setting): string {
  const fields = fieldsOf(z.object({ [setting]: evaluationSchema.shape[setting] }), "input");
  const [first] = fields;
  if (first!.path === setting) return first!.type;
  const keys = fields.map(({ path }) => `${path.slice(setting.length + 1)}: …`);
  return code(`{ ${keys.join(", ")} }`);
}

it.each(groups)("prints the settings of the group %s", (group) => {
  const rows = settings
    .filter((setting) => evaluationFlags[setting].group === group)
    .map((setting) => [
      code(setting),
      code(flagForm(setting)),
      fileForm(setting),
      fallback(setting),
      evaluationSchema.shape[setting].description ?? "",
    ]);
  expect(rows.length).toBeGreaterThan(5);
  const head = ["setting", "flag", "in a file", "if left out", "meaning"];
  expectPrinted("configuration.md", group.toLowerCase(), markdownTable(head, rows));
});

/** The label variants; those of the published evaluation are marked. */
function variantsOf({ variants, published }: DatasetLayout): string {
  const texts = Object.entries(variants).map(([name, { title }]) => {
    const mark = published?.labelVariant === name ? " (also by `--protocol authors`)" : "";
    return `${code(name)}: ${title}${mark}`;
  });
  return texts.join("; ") || "none";
}

it("prints the layouts of data", () => {
  const rows = Object.values(datasets).map((layout: DatasetLayout) => [
    code(layout.form),
    layout.title,
    code(layout.images),
    code(layout.labels),
    code(layout.defaultSplit),
    layout.scheme.ignoreLabel === undefined ? "none" : String(layout.scheme.ignoreLabel),
    variantsOf(layout),
  ]);
  const head = [
    "`--data`",
    "what",
    "images",
    "labels",
    "split if left out",
    "ignore label",
    "label variants",
  ];
  expectPrinted("configuration.md", "data sets", markdownTable(head, rows));
});

it("shows a file that is a configuration", () => {
  const file = /```yaml\n([\s\S]*?)```/.exec(readPage("configuration.md"))![1]!;
  expect(parseConfig(parse(file))).toMatchObject({ attacks: "sea-2024", steps: 300, crop: [473, 473] });
});
