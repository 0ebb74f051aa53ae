/** The sections of soundness checks, cost and provenance. */
import { type GateOutcome, type Protocol, type Soundness, shardName } from "../../journal/index.js";
import { gateVerdict } from "../gate-verdict.js";
import { type Content, type Markup, markup } from "../markup.js";
import type { ReportedRun } from "../reported.js";
import { formatCount, formatDuration, formatFigure, plural } from "../text.js";
import { soundnessList, statusWords } from "./checks.js";

/** The soundness checks. */
export function soundness({ result }: ReportedRun): Markup {
  if (result.soundness.length === 0) return markup`<p>No soundness checks are stored with this run.</p>`;
  return soundnessList(result.soundness);
}

/** The outcomes of the checks in one line: `5 passed, 1 warning`. */
export function soundnessLine({ result }: ReportedRun): string {
  const statuses = Object.keys(statusWords) as Soundness["status"][];
  const counted = statuses.map(
    (status) => [status, result.soundness.filter((one) => one.status === status).length] as const,
  );
  return counted
    .filter(([, n]) => n > 0)
    .map(([status, n]) => `${n} ${statusWords[status][1]}`)
    .join(", ");
}

/** The outcomes of gates, as those of checks. */
export function gateList(outcomes: readonly GateOutcome[]): Markup {
  const items = outcomes.map((gate) => {
    const status = gate.passed ? "pass" : "fail";
    return markup`<li class="${status}"><span class="mark" aria-hidden="true">${statusWords[status][0]}</span><b>${gate.gate}</b> <span class="word">${gateVerdict(gate)}</span><p>The figure is ${formatFigure(gate.value)}.</p></li>`;
  });
  return markup`<ul class="checks">${items}</ul>`;
}

/** Number of passes, and time. */
export function cost({ result, description: { engine, model } }: ReportedRun): Markup {
  const { forward, backward, seconds } = result.cost;
  const passes = forward + backward;
  return list([
    ["forward passes", formatCount(forward)],
    ["backward passes", formatCount(backward)],
    ...(model.window ? [["a pass", "over all windows; two of them forward for a gradient"] as const] : []),
    ["engine time", `${formatDuration(seconds)}, summed over images that were attacked in parallel`],
    ["per pass", passes > 0 ? `${((1000 * seconds) / passes).toPrecision(3)} ms` : "–"],
    ["per image", formatDuration(seconds / Math.max(1, result.data.images))],
    [
      "engine",
      Object.entries(engine)
        .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
        .join(", "),
    ],
  ]);
}

/** Everything that decides the figures; large parts as hashes. */
export function provenance({ description: run }: ReportedRun): Markup {
  const { model, data, protocol, versions, shard } = run;
  const facts = list([
    [
      "model",
      markup`<code>${model.file}</code>, ${plural(model.classes, "class")}, input ${model.input.join("×")}`,
    ],
    ...(model.window && model.stride
      ? [
          [
            "sliding window",
            `${model.window.join("×")}, one every ${model.stride.join("×")}; logits averaged`,
          ] as const,
        ]
      : []),
    ["model SHA-256", markup`<code>${model.sha256}</code>`],
    ["data", markup`<code>${data.spec}</code>, ${plural(data.images, "image")}`],
    ["image list SHA-256", markup`<code>${data.listSha256}</code>`],
    ["configuration SHA-256", markup`<code>${run.configSha256}</code>`],
    [
      "protocol",
      `${protocol.accounting} accounting, radius schedule ${scheduleOf(protocol)}, seed ${protocol.seed}`,
    ],
    [
      "versions",
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
    ...(shard ? [["shard", shardName(shard)] as const] : []),
  ]);
  return markup`${facts}<details><summary>Complete configuration</summary><pre tabindex="0">${JSON.stringify(run.config, null, 2)}</pre></details>`;
}

function list(entries: readonly (readonly [string, Content])[]): Markup {
  return markup`<dl>${entries.map(([term, content]) => markup`<div><dt>${term}</dt><dd>${content}</dd></div>`)}</dl>`;
}

/** The radius schedule of the attacks that reduce the radius, if there are any. */
function scheduleOf({ members }: Protocol): string {
  return members.some(({ radiusSchedule }) => radiusSchedule === "reduce") ? "reduce" : "constant";
}
