/** The viewer's pages: the list of runs and trainings, and one of them. */

import { parseRadius } from "../../base/index.js";
import type { GateOutcome } from "../../journal/index.js";
import { gatesLine, gateVerdict } from "../gate-verdict.js";
import { attackTiles } from "../html/parts.js";
import { traceCurves } from "../html/traces.js";
import { type Markup, markup } from "../markup.js";
import { formatCount, formatDuration, formatFigure, formatShare, plural } from "../text.js";

import type { LatestAttack } from "./latest.node.js";
import type { AttackRow, RadiusOverview, RunOverview } from "./overview.js";
import type { RunState } from "./runs.node.js";
import {
  type ExamplePictures,
  trainingContent,
  trainingFacts,
  trainingHeadline,
  trainingProgress,
} from "./training-pages.js";
import type { WatchedTraining } from "./trainings.node.js";

/** A page with this content. It refreshes itself. */
function page(title: string, main: Markup): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/view.css">
<link rel="icon" href="data:,">
<script src="/view.js" defer></script>
</head>
<body>
<p id="offline" hidden>The viewer has stopped. The figures are from the last refresh.</p>
<main>
${main}
</main>
</body>
</html>
`.text;
}

/** What the viewer shows: the run of an evaluation, or a training. */
export type ShownState = RunState | WatchedTraining;

/** The page of all runs and trainings. */
export function listPage(runs: readonly ShownState[]): string {
  const content =
    runs.length === 0
      ? markup`<p class="note">There are no runs yet. A run that <code>seawall eval --out</code> or <code>seawall train --out</code> writes here appears automatically.</p>`
      : markup`<ul class="runs">${runs.map(listEntry)}</ul>`;
  return page(
    "Seawall: runs",
    markup`<h1>Runs</h1>
${content}`,
  );
}

function listEntry(state: ShownState): Markup {
  const { id, name, status, problem } = state;
  return markup`
<li><a href="/runs/${id}/">
<span class="title"><b>${name}</b> ${badge(status)}</span>
${state.kind === "training" ? trainingSummary(state) : runSummary(state)}
${problem ? markup`<span class="problem">${problem}</span>` : undefined}
</a></li>`;
}

function runSummary({ overview, status }: RunState): Markup | undefined {
  return overview && markup`<span class="facts">${factsOf(overview)}</span>${headline(overview, status)}`;
}

function trainingSummary({ overview }: WatchedTraining): Markup | undefined {
  if (!overview) return undefined;
  const going = !overview.isOver && trainingProgress(overview);
  return markup`<span class="facts">${trainingFacts(overview)}</span>${trainingHeadline(overview)}${going}`;
}

function badge(status: RunState["status"]): Markup {
  return markup`<span class="badge ${status}">${status}</span>`;
}

function factsOf({ model, data, images, attacks, steps, shard }: RunOverview): string {
  const part = shard ? [`shard ${shard}`] : [];
  return [model, `${plural(images, "image")} of ${data}`, attacks, steps, ...part].join(" · ");
}

/** The figures so far, and the progress of a run that is not complete. */
function headline(overview: RunOverview, status: RunState["status"]): Markup {
  const { radii, self, clean, gates } = overview;
  const figures = radii.flatMap(({ eps, worst }) =>
    worst ? [markup`<span>worst-case mIoU at ${eps} <b>${figure(worst.mIoU)}</b></span>`] : [],
  );
  const start = markup`<span>${self ? "consistency" : "clean"} mIoU <b>${figure(clean.mIoU)}</b></span>`;
  const held = gates.length > 0 ? markup`<span>gates <b>${gatesLine(gates)}</b></span>` : undefined;
  return markup`<span class="figures">${start}${figures}${held}</span>${status === "complete" ? undefined : progress(overview)}`;
}

function progress({ done, expected }: RunOverview): Markup {
  return markup`<span class="progress"><progress max="${expected}" value="${done}"></progress> ${formatCount(done)} of ${plural(expected, "record")}</span>`;
}

function figure(value: number | null): string {
  return value === null ? "–" : formatFigure(value);
}

/** The page of one run, with its figures so far or at the end. */
export function runPage(state: RunState): string {
  return statePage(state, state.overview && runContent(state, state.overview));
}

/** The page of one training. */
export function trainingPage(state: WatchedTraining, examples: readonly ExamplePictures[]): string {
  const { id, status, overview } = state;
  const content =
    overview &&
    markup`${trainingContent(overview, examples, status === "stopped" && resumeNote)}
${fileLinks(id, ["training.json", "log.jsonl"])}`;
  return statePage(state, content);
}

function statePage({ name, status, problem }: ShownState, given: Markup | undefined): string {
  const content = given ?? markup`<p class="problem">${problem}</p>`;
  return page(
    `Seawall: ${name}`,
    markup`<p><a href="/">All runs</a></p>
<h1>${name} ${badge(status)}</h1>
${content}`,
  );
}

function runContent({ id, status, workers, latest }: RunState, overview: RunOverview): Markup {
  const { self, radii, clean, seconds, classes, accounting, gates } = overview;
  const remarks = [
    plural(classes, "class"),
    `${accounting} accounting`,
    `${formatDuration(seconds)} engine time`,
  ];
  const files = ["run.json", "journal.jsonl", ...(status === "complete" ? ["result.json"] : [])];
  return markup`<p class="facts">${factsOf(overview)} · ${remarks.join(" · ")}</p>
${self ? markup`<p class="note">Predictions are compared with the model's own clean predictions: figures are consistency, not accuracy.</p>` : undefined}
${status === "stopped" && resumeNote}
${status === "complete" ? undefined : markup`<p>${progress(overview)}</p>`}
${workers && workersTable(workers)}
${latest && latestSection(latest)}
${radii.map((radius) => radiusTable(radius, clean, overview))}
${gates.length > 0 ? markup`<section><h2>Gates</h2><ul>${gates.map(gateEntry)}</ul></section>` : undefined}
<p><a href="/runs/${id}/report">Full report</a></p>
${fileLinks(id, files)}`;
}

const resumeNote = markup`<p class="note">No process is writing to this folder. To continue, repeat the command with <code>--resume</code>.</p>`;

function fileLinks(id: string, files: readonly string[]): Markup {
  return markup`<p class="facts">Files: ${files.map((file) => markup`<a href="/runs/${id}/files/${file}">${file}</a> `)}</p>`;
}

/** What a run attacked last, as its report and the page of `seawall page` show it. */
function latestSection({ record, pictures, trace }: LatestAttack): Markup {
  const { image, attack, eps, accuracy } = record;
  return markup`
<section>
<h2>Attacked last</h2>
<p class="facts">${image}, by ${attack} at ${eps}${accuracy !== null && ` · ${formatShare(accuracy)} of the pixels are still right`}</p>
<figure class="card"><span class="tiles">${attackTiles(pictures, parseRadius(eps).value)}</span></figure>
${trace && trace.passes.step.length > 0 && markup`<div class="charts three">${traceCurves(trace)}</div>`}
</section>`;
}

/** Who works for the run, and at what. */
function workersTable({ queue, workers }: NonNullable<RunState["workers"]>): Markup {
  if (workers.length === 0) {
    return markup`<section><h2>Workers</h2><p class="note">No worker works for this run. Start some, on any machine, with <code>seawall work --queue ${queue}</code>.</p></section>`;
  }
  const row = ({ host, pid, seconds, attacks, doing }: (typeof workers)[number]) => markup`
<tr><th scope="row">${host}, process ${pid}</th><td>${formatDuration(seconds)}</td><td>${formatCount(attacks)}</td><td class="doing">${doing.length === 0 ? "–" : doing.map(({ attack, seconds }) => markup`<span>${attack}, ${formatDuration(seconds)}</span> `)}</td></tr>`;
  return markup`
<section>
<h2>Workers</h2>
<p class="facts">At ${queue}: ${plural(workers.length, "worker")}.</p>
<div class="wide"><table>
<thead><tr><th scope="col">worker</th><th scope="col">here for</th><th scope="col">attacks made</th><th scope="col" class="doing">doing</th></tr></thead>
<tbody>${workers.map(row)}</tbody>
</table></div>
</section>`;
}

function gateEntry(outcome: GateOutcome): Markup {
  const { gate, value, passed } = outcome;
  return markup`<li>${passed ? "✓" : "✗"} <b>${gate}</b> ${gateVerdict(outcome)}: ${figure(value)}</li>`;
}

function radiusTable(radius: RadiusOverview, clean: AttackRow, { self, images }: RunOverview): Markup {
  const { eps, attacks, worst, mIoULower, uncertainty } = radius;
  const cells = (row: AttackRow) =>
    markup`<tr><th scope="row">${attackName(row.attack)}</th><td>${row.images}/${images}</td><td>${figure(row.aAcc)}</td><td>${figure(row.mIoU)}</td></tr>`;
  const bracket =
    mIoULower === undefined
      ? undefined
      : markup`<p class="facts">Lower bound of mIoU over these attacks: ${figure(mIoULower)}. A stronger attack can go below it.</p>`;
  return markup`
<section>
<h2>ε = ${eps}</h2>
<div class="wide"><table>
<thead><tr><th scope="col">attack</th><th scope="col">images</th><th scope="col">${self ? "cons." : "aAcc"}</th><th scope="col">mIoU</th></tr></thead>
<tbody>${[clean, ...attacks].map(cells)}</tbody>
<tfoot><tr><th scope="row">${worstName(worst, attacks.length)}</th><td></td><td>${figure(worst?.aAcc ?? null)}</td><td>${figure(worst?.mIoU ?? null)}</td></tr></tfoot>
</table></div>
${bracket}
${uncertainty.map(({ figure, sentences }) => (sentences.length > 0 ? markup`<p class="facts">Worst-case ${self && figure === "aAcc" ? "consistency" : figure}. ${sentences.join(" ")}</p>` : undefined))}
</section>`;
}

function worstName(worst: RadiusOverview["worst"], attacks: number): string {
  if (worst?.attacks === attacks) return "worst case";
  return worst ? `worst case of ${plural(worst.attacks, "attack")} so far` : "worst case so far";
}

/** An attack's name, with a possible line break after the family. */
function attackName(name: string): Markup {
  const [family, ...rest] = name.split(":");
  return rest.length === 0 ? markup`${name}` : markup`${family}:<wbr>${rest.join(":")}`;
}
