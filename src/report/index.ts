/**
 * Everything that reads stored runs. Works from records alone; knows no engine and runs no model.
 *
 * `stored.node.ts` reads and checks a run folder, and `reported.ts` says what a report shows of it; `images.ts` groups its
 * records by image and chooses images to show.
 * `formats/` writes reports: HTML, CSV, JUnit. The HTML page is put together by `html/page.ts`, one file per
 * section, with charts (`chart.ts`), common parts (`parts.ts`) and safe templates (`markup.ts`); its style and program are
 * in `page/`. For the terminal: `table.ts`, `uncertainty.ts` and `ablation.ts` print a result, `text.ts` aligns and wraps.
 * `gate-verdict.ts` says whether a gate holds. `compare/` pairs two runs (`paired.ts`, `series.ts`), computes differences
 * with bootstrap intervals, prints them and checks gates on them. `pictures/` draws thumbnails while a run goes on
 * (`keeper.ts`) and the demo's picture. `view/` is the server of `seawall view`.
 */
export { type CompareOptions, type Comparison, compareRuns } from "./compare/compare.js";
export { comparisonLines, formatDifference } from "./compare/compare-table.js";
export { checkComparisonGates } from "./compare/comparison-gates.js";
export { gateVerdict } from "./gate-verdict.js";
export { soundnessList } from "./html/checks.js";
export { htmlReportWith, type ReportAssets } from "./html/page.js";
export { classLegend, perturbationName } from "./html/parts.js";
export { type CurvedTrace, traceCurves } from "./html/traces.js";
export { type Markup, markup } from "./markup.js";
export { type KeptOutcome, ReportKeeper, type ReportStore, shownPictures } from "./pictures/keeper.js";
export { classColour, palette, type Rgb } from "./pictures/palette.js";
export { colourMap, imageBytes, perturbationBytes } from "./pictures/pixels.js";
export { type ThumbnailEncoder, Thumbnails, thumbnailSide } from "./pictures/thumbnail.js";
export { type ReportedRun, type ReportParts, reportedRun } from "./reported.js";
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
