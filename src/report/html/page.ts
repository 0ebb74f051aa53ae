/** The report as one HTML page that works offline: its sections, with style and program inside. */
import { sha256 } from "../../base/index.js";
import type { GateOutcome } from "../../journal/index.js";
import { base64 } from "../base64.js";
import { gatesLine } from "../gate-verdict.js";
import { type Content, type Markup, markup, Markup as Piece } from "../markup.js";
import { storedGates } from "../own-gates.js";
import type { ReportedRun } from "../reported.js";
import { plural } from "../text.js";
import { confusionPanels } from "./confusion.js";
import { curves } from "./curves.js";
import { gallery } from "./gallery.js";
import { headline } from "./headline.js";
import { regionSums, regionTable } from "./regions.js";
import { ablationTable, attackTable, classTable } from "./tables.js";
import { traces } from "./traces.js";
import { cost, gateList, provenance, soundness, soundnessLine } from "./trust.js";

/** The files of `page/` that the report holds. */
export interface ReportAssets {
  readonly style: string;
  readonly script: string;
}

interface Section {
  readonly id: string;
  readonly title: string;
  /** Undefined or false if the run has nothing to show; the section is then left out. */
  readonly content: Content;
}

function sectionsOf(run: ReportedRun, gates: readonly GateOutcome[]): Section[] {
  const sums = regionSums(run);
  const pictured = run.images.some(({ index }) => run.picture({ index, slot: 0, kind: "image" }));
  return [
    { id: "curves", title: "Robustness by radius", content: curves(run) },
    { id: "attacks", title: "Attacks", content: [attackTable(run), ablationTable(run)] },
    { id: "classes", title: "IoU by class", content: classTable(run) },
    { id: "regions", title: "Object size and boundaries", content: sums && regionTable(sums) },
    { id: "confusion", title: "Confusions between classes", content: sums && confusionPanels(run, sums) },
    { id: "gallery", title: "Images", content: pictured && gallery(run) },
    { id: "traces", title: "Attack traces", content: run.traces.length > 0 && traces(run) },
    { id: "gates", title: "Gates", content: gates.length > 0 && gateList(gates) },
    { id: "soundness", title: "Soundness checks", content: soundness(run) },
    { id: "cost", title: "Cost", content: cost(run) },
    { id: "provenance", title: "Provenance", content: provenance(run) },
  ].filter(({ content }) => content !== undefined && content !== false);
}

/**
 * The report of a run as one HTML page.
 * @param gates judged; default: those of the stored result
 */
export function htmlReportWith(
  { style, script }: ReportAssets,
  run: ReportedRun,
  gates: readonly GateOutcome[] = storedGates(run),
): string {
  const sections = sectionsOf(run, gates);
  const { model, data } = run.result;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy(script)}">
<title>${model.file} · Seawall</title>
<style>${new Piece(style)}</style>
</head>
<body>
<a class="to-content" href="#main">Skip to the content</a>
<header><p class="kind">Seawall robustness report</p>
<h1>${model.file}</h1>
<p class="of">${plural(data.images, "image")} of <code>${data.spec}</code> · soundness checks: <a href="#soundness">${soundnessLine(run) || "none stored"}</a>${
    gates.length > 0 && markup` · gates: <a href="#gates">${gatesLine(gates)}</a>`
  }</p>
<nav aria-label="Sections">${sections.map(({ id, title }) => markup`<a href="#${id}">${title}</a>`)}</nav></header>
<main id="main">
<section aria-label="Headline" class="headline">
${headline(run)}</section>
${sections.map(sectionMarkup)}</main>
<footer><p>Made by Seawall ${run.description.versions.seawall ?? ""} from the stored records. No model was run for this report.</p></footer>
<dialog aria-label="Pictures of an image"><form method="dialog"><button type="button" class="action" data-step="-1">← previous</button><button type="button" class="action" data-step="1">next →</button><button class="action">close</button></form><div></div></dialog>
<script type="application/json" id="result">${new Piece(JSON.stringify(run.result).replaceAll("<", "\\u003c"))}</script>
<script>${new Piece(script)}</script>
</body>
</html>
`.text;
}

function sectionMarkup({ id, title, content }: Section): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${content}</section>
`;
}

/** The content security policy: nothing is loaded, and only the page's own program runs, even if text became markup. */
function policy(script: string): string {
  const hash = base64(Uint8Array.from(sha256(script).match(/../g)!, (byte) => Number.parseInt(byte, 16)));
  return `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}
