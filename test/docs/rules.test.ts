/** docs/rules.md is what the tables of rules say; `UPDATE_DOCS=1 npx vitest run test/docs` rewrites it. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { renderRules } from "../../src/autodiff/document.js";
import { families } from "../../src/autodiff/rules/index.js";

const page = new URL("../../docs/rules.md", import.meta.url);

it("docs/rules.md lists the rules as they are", () => {
  const printed = renderRules();
  if (process.env.UPDATE_DOCS) writeFileSync(page, printed);
  expect(
    readFileSync(page, "utf8"),
    "docs/rules.md is out of date: run UPDATE_DOCS=1 npx vitest run test/docs",
  ).toBe(printed);
});

it("names every operator once, with what is special about it", () => {
  const printed = renderRules();
  for (const [operator, { note }] of Object.values(families).flatMap((rules) => Object.entries(rules))) {
    expect(printed.split(`\n| ${operator} | ${(note ?? "").replaceAll("|", "\\|")} |`)).toHaveLength(2);
  }
});
