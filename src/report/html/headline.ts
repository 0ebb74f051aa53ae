/** The first section: the worst-case figures, how they were computed, and what limits them. */
import { parseRadius } from "../../base/index.js";
import type { Result } from "../../journal/index.js";
import { type Content, type Markup, markup } from "../markup.js";
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
<h3>How these figures were computed</h3>
${formation(result, at)}
${caveats(result).map((sentence) => markup`<p class="caveat">${sentence}</p>`)}
${missing.length > 0 && markup`<details><summary>Missing from this report</summary><ul>${missing.map((sentence) => markup`<li>${sentence}</li>`)}</ul></details>`}
`;
}

function figure(name: string, { eps, worst }: AtRadius, key: "mIoU" | "aAcc", clean: number): Markup {
  const bound =
    key === "mIoU" &&
    `Lower bound over these attacks: ${formatFigure(worst.mIoULower)}; a stronger attack can go below it.`;
  return markup`<div class="figure"><p class="name">${name} at ε = ${eps}</p>
<p class="value">${formatFigure(worst[key])}</p>
<p class="note">over the attacks that were run; clean: ${formatFigure(clean)}</p>${
    bound &&
    markup`
<p class="note">${bound}</p>`
  }</div>`;
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
  const heads = ["mIoU", "lower bound of mIoU", "aAcc", "aAcc pooled", "image mIoU"];
  return sortableTable(
    "Worst case over the attacks that were run, by radius",
    [{ head: "ε" }, ...heads.map((head) => ({ head, numeric: true }))],
    [first, ...rows],
  );
}

function formation({ protocol, data, robust }: Result, { eps }: AtRadius): Markup {
  const attacks = robust[0]!.attacks.map(({ name }) => markup`<code>${name}</code>`);
  const listed = attacks.flatMap((name, i): Content[] => (i === 0 ? [name] : [", ", name]));
  const which =
    protocol.attacks === protocol.members.join(",") ? undefined : markup` (<code>${protocol.attacks}</code>)`;
  return markup`<p>${plural(attacks.length, "attack")}${which} ran on ${plural(data.images, "image")} of
<code>${data.spec}</code>, with ${plural(protocol.steps, "step")} each: ${listed}. An attack may change every colour
value by at most ε${robust.length > 1 && ` (above: ${eps}, the largest of ${robust.length} radii)`}. In the worst case, the
attacker chooses for every image the most harmful of these attacks.</p>
<p><b>aAcc</b>: each image's lowest share of correct pixels, averaged over the images. <b>mIoU</b>: of the whole data set,
the lowest value that a search over the choices of attack found. The lower bound holds for every choice among these
attacks. Attacks that were not run can lower all of these figures. ${formatShare(data.ignoredPixels)} of the pixels have
no label and do not count.</p>`;
}

/** Facts that change the meaning of the figures. */
function caveats({ data, shard, protocol }: Result): string[] {
  const list: string[] = [];
  if (data.labels === "self")
    list.push(
      "Predictions are compared with the model's own clean predictions: figures are consistency, not accuracy.",
    );
  if (data.missingImages)
    list.push(`The run is not complete: ${plural(data.missingImages, "image")} missing.`);
  if (shard)
    list.push(
      `The figures are of shard ${shard.index + 1} of ${shard.count} only. Combine all shards with seawall merge.`,
    );
  if (protocol.accounting === "authors")
    list.push(
      "The worst case is computed as in the published code. The strict worst case is in result.json.",
    );
  return list;
}
