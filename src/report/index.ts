/** All that reads finished runs. Knows no engine. */
export { type CompareOptions, type Comparison, compareRuns } from "./compare/compare.js";
export { comparisonLines, formatDifference } from "./compare/compare-table.js";
export { checkComparisonGates } from "./compare/comparison-gates.js";
export {
  checkGates,
  type Gate,
  type GateOutcome,
  type GateSubjects,
  gateSubjects,
  parseGate,
} from "./gates.js";
export { classColour, palette, type Rgb } from "./pictures/palette.js";
export { invariantsLine, resultLines } from "./table.js";
export {
  alignRows,
  formatCount,
  formatDuration,
  formatFigure,
  formatShare,
  plural,
  wrapText,
} from "./text.js";
