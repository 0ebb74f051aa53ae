/** The section of images: at each radius those of lowest, median and highest accuracy. */
import { parseRadius } from "../../base/index.js";
import { type PictureKey, type RunRecord, slotOf } from "../../journal/index.js";
import { accuracyBySeed, galleryAt, galleryGroups } from "../images.js";
import { type Markup, markup } from "../markup.js";
import type { ReportedRun } from "../reported.js";
import { formatShare, plural } from "../text.js";
import { attackPictures, attackTiles, classLegend, panels } from "./parts.js";

const titles = {
  worst: "Lowest accuracy under attack",
  median: "Median accuracy under attack",
  best: "Highest accuracy under attack",
} as const;

export function gallery(run: ReportedRun): Markup {
  const { protocol } = run.description;
  const list = protocol.eps.map((eps) => ({ eps, name: `ε = ${eps}`, content: galleryOf(run, eps) }));
  return markup`${shownChannels(run)}${panels("gallery", "radius", list)}${legend(run)}`;
}

/** What the pictures show of images that are not RGB. */
function shownChannels({ description: { data, config } }: ReportedRun): Markup | undefined {
  const { channels = 3 } = (data.settings.encoding ?? {}) as { readonly channels?: number };
  if (channels === 3) return undefined;
  const shown =
    channels > 3
      ? `The images have ${channels} channels. Pictures of images and perturbations show the first three as red, green and blue.`
      : `The images have ${plural(channels, "channel")}. Pictures of images and perturbations show the first one as grey.`;
  const perturbed = config.perturbChannels as readonly number[] | undefined;
  const attacked = perturbed ? ` Attacks change channels ${perturbed.join(", ")} alone.` : "";
  return markup`<p class="note">${shown}${attacked}</p>`;
}

function galleryOf(run: ReportedRun, eps: string): Markup[] {
  const shown = galleryAt(run.description, run.images, eps);
  return galleryGroups
    .filter((group) => shown[group].length > 0)
    .map(
      (group) => markup`<h4>${titles[group]}</h4>
<div class="cards">${shown[group].map((record) => card(run, record))}</div>
`,
    );
}

/** One image: a button that opens its pictures side by side. */
function card(run: ReportedRun, record: RunRecord): Markup {
  const image = run.images.find(({ index }) => index === record.index)!;
  const clean = image.records[0]!;
  const seeds = accuracyBySeed(run.description, image, record.eps).map((accuracy) => accuracy ?? 0);
  const caption = markup`<span class="id">${record.image}</span> <span class="note">correct pixels: ${formatShare(
    clean.accuracy ?? 0,
  )} clean, ${formatShare(record.accuracy ?? 0)} under ${record.attack}${
    seeds.length > 1 && `; seed by seed ${seeds.map(formatShare).join(", ")}`
  }</span>`;
  return markup`<figure class="card"><button type="button" class="zoom" data-open aria-label="enlarge the pictures of ${record.image}">
<span class="tiles">${tiles(run, record)}</span></button><figcaption>${caption}</figcaption></figure>
`;
}

function tiles(run: ReportedRun, record: RunRecord): Markup[] {
  const slot = slotOf(run.description, record)!;
  const read = (slot: number, kind: PictureKey["kind"]) => run.picture({ index: record.index, slot, kind });
  return attackTiles(attackPictures(slot, read), parseRadius(record.eps).value);
}

/** The classes that occur in the run, with their colours. */
function legend({ description: run, result }: ReportedRun): Markup {
  const sets = [result.clean.perClassIoU, ...result.robust.map(({ worst }) => worst.perClassIoU)];
  const present = Array.from({ length: run.model.classes }, (_, s) => s).filter((s) =>
    sets.some((figures) => figures[s] !== null),
  );
  return classLegend(present, run.model.classes, run.model.classNames);
}
