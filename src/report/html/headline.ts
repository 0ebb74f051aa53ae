/** The figure that the report is about, and how it was formed. */
import { parseRadius } from "../../base/index.js";
import { memberNames, type Result } from "../../journal/index.js";
import { type Content, type Markup, markup } from "../markup.js";
import { haveEqualSteps, stepsOfAttacks } from "../members.js";
import type { ReportedRun } from "../stored.node.js";
import { formatFigure, formatShare, plural } from "../text.js";
import { hardest, sortableTable } from "./parts.js";

type AtRadius = Result["robust"][number];

export function headline({ result, missing }: ReportedRun): Markup {
  const at = hardest(result.robust);
  const self = result.data.labels === "self";
  return markup`<div class="figures">
${figure(self ? "Worst-case consistency mIoU" : "Worst-case mIoU", at, "mIoU", result.clean.mIoU)}
${figure(self ? "Worst-case consistency" : "Worst-case pixel accuracy", at, "aAcc", result.clean.aAcc)}
</div>
${result.robust.length > 1 && radiiTable(result)}
<h3>How these figures were formed</h3>
${formation(result, at)}
${caveats(result).map((sentence) => markup`<p class="caveat">${sentence}</p>`)}
${missing.length > 0 && markup`<details><summary>What this report lacks</summary><ul>${missing.map((sentence) => markup`<li>${sentence}</li>`)}</ul></details>`}
`;
}

function figure(name: string, { eps, worst }: AtRadius, key: "mIoU" | "aAcc", clean: number): Markup {
  const bound = key === "mIoU" ? `; no choice of attacks goes below ${formatFigure(worst.mIoULower)}` : "";
  return markup`<div class="figure"><p class="name">${name} at ε = ${eps}</p>
<p class="value">${formatFigure(worst[key])}</p>
<p class="note">clean ${formatFigure(clean)}${bound}</p></div>`;
}

function radiiTable({ robust, clean }: Result): Markup {
  const number = (value: number) => ({ content: formatFigure(value), sortBy: value });
  const rows = robust.map(({ eps, worst }) => [
    { content: eps, sortBy: parseRadius(eps).value },
    ...[worst.mIoU, worst.mIoULower, worst.aAcc, worst.aAccPooled, worst.imageMIoU].map(number),
  ]);
  const first = [
    { content: "0 (clean)", sortBy: 0 },
    ...[clean.mIoU, clean.mIoU, clean.aAcc, clean.aAccPooled, clean.imageMIoU].map(number),
  ];
  const heads = ["mIoU", "mIoU at least", "aAcc", "aAcc pooled", "image mIoU"];
  return sortableTable(
    "Worst case at each radius",
    [{ head: "ε" }, ...heads.map((head) => ({ head, numeric: true }))],
    [first, ...rows],
  );
}

function formation({ protocol, data, robust }: Result, { eps }: AtRadius): Markup {
  const equal = haveEqualSteps(protocol);
  const attacks = protocol.members.map(({ name, steps }) =>
    equal ? markup`<code>${name}</code>` : markup`<code>${name}</code> (${plural(steps, "step")})`,
  );
  const listed = attacks.flatMap((name, i): Content[] => (i === 0 ? [name] : [", ", name]));
  const which =
    protocol.attacks === memberNames(protocol).join(",")
      ? undefined
      : markup` (<code>${protocol.attacks}</code>)`;
  return markup`<p>Each of ${plural(data.images, "image")} of <code>${data.spec}</code> was attacked with
${plural(attacks.length, "attack")}${which}: ${listed}, ${equal ? `${stepsOfAttacks(protocol)} each, ` : ""}every colour value moving
by at most ε${robust.length > 1 && ` (the figures above: ${eps}, the largest of ${robust.length} radii)`}. The attacker
may choose the attack for every image. <b>aAcc</b> is the mean over the images of the lowest share of right pixels.
<b>mIoU</b> is over the whole set, and is the smallest that a search over the choices found; the lower bound holds for every
choice. ${formatShare(data.ignoredPixels)} of the pixels have no label and count nowhere. Stronger attacks can only
lower the figures.</p>`;
}

/** What makes the figures something else than they seem. */
function caveats({ data, shard, protocol }: Result): string[] {
  const list: string[] = [];
  if (data.labels === "self")
    list.push("The reference is the model's own clean prediction: figures are consistency, not accuracy.");
  if (data.missingImages)
    list.push(`The run is not complete: ${plural(data.missingImages, "image")} are left out.`);
  if (shard)
    list.push(
      `Figures are of shard ${shard.index + 1} of ${shard.count} alone; seawall merge makes the whole.`,
    );
  if (protocol.accounting === "authors")
    list.push(
      "The worst case is accounted for as the published code does; the strict one stands in result.json.",
    );
  return list;
}
