/** docs/checks.md: every soundness check, printed from its table. */
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
