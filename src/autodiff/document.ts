/** The page that lists what can be differentiated, printed from the tables of rules. */

import type { Rules } from "./fragments/rule.js";
import { nonDifferentiable } from "./nondifferentiable.js";
import { families } from "./rules/index.js";

const titles: Record<keyof typeof families, string> = {
  elementwise: "Arithmetic",
  activation: "Activations",
  normalization: "Normalizations and softmax",
  reduction: "Reductions, scans and sorting",
  matmul: "Matrix products",
  convolution: "Convolutions",
  pooling: "Pooling",
  resize: "Resizing and sampling",
  movement: "Moving, joining and indexing elements",
  quantization: "Quantisers",
};

/** docs/rules.md, as the tables of rules say it. */
export function renderRules(): string {
  const sections = Object.entries(families).map(([family, rules]) =>
    renderFamily(titles[family as keyof typeof families], rules),
  );
  return `${[heading(), ...sections, renderNonDifferentiable()].join("\n\n")}\n`;
}

function heading(): string {
  return `<!-- Printed from src/autodiff/rules; after a change there run: UPDATE_DOCS=1 npx vitest run test/docs -->
# Operators that can be differentiated

Seawall writes the gradient of an ONNX graph as ONNX nodes, one rule for each operator. These are the rules, in
the standard operator set (\`ai.onnx\`); models of older versions are brought to the form of opset 18 when they
are read. An operator that is not listed here stops with a message that names the node, unless no path from the
image to the logits goes through it. A note such as "0 at 0" gives the derivative at a kink.`;
}

function renderFamily(title: string, rules: Rules): string {
  const rows = Object.entries(rules)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([operator, { note = "" }]) => `| ${operator} | ${note.replaceAll("|", "\\|")} |`);
  return [`## ${title}`, "", "| operator | to know |", "|---|---|", ...rows].join("\n");
}

function renderNonDifferentiable(): string {
  const operators = [...nonDifferentiable].sort().join(", ");
  return `## No gradient passes through these

Their results are no floats, or constant almost everywhere, so their gradient is zero: ${operators}.`;
}
