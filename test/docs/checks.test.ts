/** docs/checks.md: every soundness check, printed from its table. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { modelChecks, recordChecks } from "../../src/evaluate/index.js";
import { expectPrinted } from "./printed.js";

type Texts = Readonly<Record<"raisedIf" | "means" | "remedy", string>>;

function sections(checks: Readonly<Record<string, Texts>>): string {
  const texts = Object.entries(checks).map(([name, { raisedIf, means, remedy }]) =>
    [`### \`${name}\``, `**Raised if** ${raisedIf}.`, `**Means:** ${means}.`, `**Do:** ${remedy}.`].join(
      "\n\n",
    ),
  );
  expect(texts.length).toBeGreaterThan(0);
  return texts.join("\n\n");
}

it("prints the checks of the model", () => expectPrinted("checks.md", "model", sections(modelChecks)));

it("prints the checks of the records", () => expectPrinted("checks.md", "records", sections(recordChecks)));

it("no check in a file of its own is missing in the tables", () => {
  const folder = new URL("../../src/evaluate/soundness/", import.meta.url);
  const declares = /^export const \w+: (?:ModelCheck|RecordCheck) =/m;
  const files = readdirSync(folder).filter((file) =>
    declares.test(readFileSync(new URL(file, folder), "utf8")),
  );
  const rows = [...Object.keys(modelChecks), ...Object.keys(recordChecks)].map((name) => `${name}.ts`);
  expect(files.filter((file) => file !== "index.ts").sort()).toEqual(rows.sort());
});
