/** The first section: the worst-case figures, how they were computed, and what limits them. */
import { parseRadius } from "../../base/index.js";
import { bySeed, memberNames, type Result } from "../../journal/index.js";
import { type Content, type Markup, markup } from "../markup.js";
import { haveEqualSteps, stepsOfAttacks } from "../members.js";
import type { ReportedRun } from "../reported.js";
import { roundSentences } from "../rounds.js";
import { formatFigure, formatShare, plural } from "../text.js";
import { uncertaintySentences } from "../uncertainty.js";
import { hardest, sortableTable } from "./parts.js";

type AtRadius = Result["robust"][number];

export function headline({ result, missing }: ReportedRun): Markup {
  const at = hardest(result.robust);
  const self = result.data.labels === "self";
  return markup`<div class="figures">
${figure(self ? "Worst-case consistency mIoU" : "Worst-case mIoU", at, "mIoU", result)}
${figure(self ? "Worst-case consistency" : "Worst-case pixel accuracy", at, "aAcc", result)}
</div>
${result.robust.length > 1 && radiiTable(result)}
<h3>How these figures were computed</h3>
${formation(result, at)}
${caveats(result).map((sentence) => markup`<p class="caveat">${sentence}</p>`)}
${missing.length > 0 && markup`<details><summary>Missing from this report</summary><ul>${missing.map((sentence) => markup`<li>${sentence}</li>`)}</ul></details>`}
`;
}

function figure(name: string, { eps, worst }: AtRadius, key: "mIoU" | "aAcc", result: Result): Markup {
  const bound =
    key === "mIoU" &&
    `Lower bound over these attacks: ${formatFigure(worst.mIoULower)}; a stronger attack can go below it.`;
  return markup`<div class="figure"><p class="name">${name} at ε = ${eps}</p>
<p class="value">${formatFigure(worst[key])}</p>
<p class="note">over the attacks that were run; clean: ${formatFigure(result.clean[key])}</p>${
    bound &&
    markup`
<p class="note">${bound}</p>`
  }${uncertaintyNotes(result, eps, key)}</div>`;
}

/** How far a figure may be off: for other images, and with other starts. */
function uncertaintyNotes(result: Result, eps: string, key: "mIoU" | "aAcc"): Markup[] {
  return uncertaintySentences(result, eps, key).map(
    (sentence) => markup`
<p class="note">${sentence}</p>`,
  );
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

/** Attacks that were repeated in rounds are many; a sentence says how many rounds there were. */
function roundsNote(result: Result): Markup | false {
  const sentences = roundSentences(result);
  return (
    sentences.length > 0 &&
    markup`<p>After these attacks, rounds of attacks went on from the best points while they gained: ${sentences.join(". ")}.
A round gives its steps to the images that still fall.</p>
`
  );
}

function formation(result: Result, { eps }: AtRadius): Markup {
  const { protocol, data, robust } = result;
  const repeats = bySeed(protocol, protocol.members);
  const members = repeats[0]!.attacks.filter(({ round }) => round === undefined);
  const equal = haveEqualSteps({ members });
  const attacks = members.map(({ name, steps }) =>
    equal ? markup`<code>${name}</code>` : markup`<code>${name}</code> (${plural(steps, "step")})`,
  );
  const listed = attacks.flatMap((name, i): Content[] => (i === 0 ? [name] : [", ", name]));
  const which =
    protocol.attacks === memberNames({ members }).join(",")
      ? undefined
      : markup` (<code>${protocol.attacks}</code>)`;
  return markup`<p>${plural(attacks.length, "attack")}${which} ran on ${plural(data.images, "image")} of
<code>${data.spec}</code>, with ${stepsOfAttacks({ members })}${equal && " each"}${
    repeats.length > 1 &&
    `, from ${repeats.length} starts each (seeds ${repeats.map(({ seed }) => seed).join(", ")})`
  }: ${listed}. An attack may change every colour
value by at most ε${robust.length > 1 && ` (above: ${eps}, the largest of ${robust.length} radii)`}. In the worst case, the
attacker chooses for every image the most harmful of these attacks.</p>
${roundsNote(result)}<p><b>aAcc</b>: each image's lowest share of correct pixels, averaged over the images. <b>mIoU</b>: of the whole data set,
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
