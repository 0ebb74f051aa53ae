/** From records to the result: the one function behind eval, report, verify, merge and the page. */
import { invariant, SeawallError } from "../base/index.js";
import {
  type AuthorsVersion,
  authorsWorstCase,
  type Counts,
  type CountsTable,
  gainOf,
  imageAccuracy,
  imageMeanIoU,
  leaveOneOut,
  meanAccuracy,
  meanIoU,
  perClassIoU,
  pixelAccuracy,
  seedSpread,
  setInterval,
  sumCounts,
  type WorstCase,
  worstCase,
} from "../metric/index.js";
import { arrange, gapsIn, type ImageRecords, type Missing } from "./arrange.js";
import {
  bySeed,
  type Member,
  memberNames,
  type Protocol,
  type RunDescription,
  type Soundness,
} from "./description.js";
import { type RunRecord, slotOf, slotsOf } from "./record.js";
import type { Figures, Result, Uncertainty, WorstFigures } from "./result.js";

export interface SummaryOptions {
  /** Outcomes of checks made of the records; those in the description stand before them. */
  readonly soundness?: readonly Soundness[];
  /** Summarise the images that are complete when some are not, instead of refusing. */
  readonly partial?: boolean;
}

/**
 * The result of a run's records. Their order, and hence batches, shards and resumes, changes nothing: equal
 * records give equal bytes, `cost.seconds` aside.
 * @throws SeawallError `journal` if records are missing (unless `partial`), if none is complete, or if records
 * contradict each other; `data` if no pixel of the images has a label
 */
export function summarize(
  run: RunDescription,
  records: Iterable<RunRecord>,
  { soundness = [], partial = false }: SummaryOptions = {},
): Result {
  const arranged = arrange(run, records);
  const missing = gapsIn(run, arranged);
  if (!partial) refuseGaps(missing);
  const images = completeOf(run, arranged);
  const clean = images.map((records) => records[0]!);
  const { model, data, shard } = run;
  const protocol = withoutIdleRounds(run.protocol, images.flat());
  const ignoredPixels = ignoredShare(clean);
  const radii = protocol.eps.map((eps) => atRadius(run, protocol, eps, images));

  return {
    schemaVersion: 2,
    protocol,
    model,
    data: {
      spec: data.spec,
      images: images.length,
      ignoredPixels,
      listSha256: data.listSha256,
      labels: data.settings.labels,
      ...(missing.incompleteImages > 0 && { missingImages: missing.incompleteImages }),
    },
    ...(shard && { shard }),
    clean: figuresOf(clean),
    robust: radii.map(({ robust }) => robust),
    uncertainty: radii.map(({ uncertainty }) => uncertainty),
    ...(protocol.leastGain !== undefined && !shard && { rounds: radii.flatMap((at) => at.rounds()) }),
    cost: costOf(arranged),
    soundness: [...run.soundness, ...soundness],
  };
}

function refuseGaps({ records, expected, images, incompleteImages, first }: Missing): void {
  if (first === undefined) return;
  throw new SeawallError(
    "journal",
    `the run is not complete: ${records} of ${expected} records are missing, of ${incompleteImages} of ${images} ` +
      `images (the first: ${first}); resume it, or ask for a partial result`,
  );
}

/** The records of the images that have all of theirs. */
function completeOf(run: RunDescription, arranged: readonly ImageRecords[]): (readonly RunRecord[])[] {
  const complete = arranged
    .map(({ records }) => records)
    .filter((records) => records.length === slotsOf(run));
  if (complete.length > 0) return complete;
  throw new SeawallError("journal", "no image of the run is complete, so there is no result; resume the run");
}

/** The figures at a radius, how far they may be off, and what rounds came to. */
function atRadius(
  run: RunDescription,
  protocol: Protocol,
  eps: string,
  images: readonly (readonly RunRecord[])[],
) {
  const { seed } = protocol;
  const members = memberNames(protocol);
  const table = members.map((attack) => images.map((records) => records[slotOf(run, { eps, attack })!]!));
  const worst = worstCase(table, { seed });
  const strict = strictWorst(worst);
  const groups = sameAttacks(protocol);
  // A record without steps repeats what other attacks have found.
  const found = table.map((records) =>
    records.map((record, i) => (record.steps === 0 ? images[i]![0]! : record)),
  );
  const without = leaveOneOut(found, { seed, groups });
  const published = publishedVersion(run);
  return {
    robust: {
      eps,
      worst: published ? { ...strict, ...authorsWorst(table, published) } : strict,
      ...(published && { strict }),
      attacks: table.map((counts, i) => {
        const left = without[groups.findIndex(([first]) => first === i)];
        return { name: members[i]!, ...figuresOf(counts), ...(left && { without: withoutFigures(left) }) };
      }),
    },
    uncertainty: uncertaintyAt(protocol, eps, table, worst),
    rounds: () => roundsAt(protocol, eps, table),
  };
}

/** The positions of each attack and its repeats. */
function sameAttacks(protocol: Protocol): number[][] {
  const [first, ...others] = bySeed(protocol, [...protocol.members.keys()]);
  return first!.attacks.map((position, i) => [position, ...others.map(({ attacks }) => attacks[i]!)]);
}

function uncertaintyAt(protocol: Protocol, eps: string, table: CountsTable, worst: WorstCase): Uncertainty {
  const images = setInterval(table, worst, protocol.seed);
  const seeds = seedSpread(bySeed(protocol, table));
  return { eps, ...(images && { images }), ...(seeds && { seeds }) };
}

function roundsAt(protocol: Protocol, eps: string, table: readonly (readonly RunRecord[])[]) {
  const { members, leastGain } = protocol;
  if (leastGain === undefined) return [];
  const attacks = bySeed(protocol, members);
  return bySeed(protocol, table).map(({ seed, attacks: own }, i) =>
    roundsOf(attacks[i]!.attacks, own, { eps, seed, leastGain }),
  );
}

type Rounds = NonNullable<Result["rounds"]>[number];

/** The protocol without the rounds in which no attack takes a step: the run had ended before them. */
export function withoutIdleRounds(protocol: Protocol, records: Iterable<RunRecord>): Protocol {
  const rounds = new Map(protocol.members.map(({ name, round }) => [name, round]));
  const last = lastRound(records, ({ attack }) => rounds.get(attack));
  return { ...protocol, members: protocol.members.filter(({ round = 0 }) => round <= last) };
}

function lastRound(records: Iterable<RunRecord>, roundOf: (record: RunRecord) => number | undefined): number {
  let last = 0;
  for (const record of records) if (record.steps) last = Math.max(last, roundOf(record) ?? 0);
  return last;
}

/**
 * What the rounds of one seed at a radius came to.
 * @param attacks in their order
 * @param table their records: `table[attack][image]`
 */
export function roundsOf(
  attacks: readonly Member[],
  table: readonly (readonly RunRecord[])[],
  { eps, seed, leastGain }: { readonly eps: string; readonly seed: number; readonly leastGain: number },
): Rounds {
  const roundsAt = new Map(
    table.flatMap((records, i) => records.map((record) => [record, attacks[i]!.round])),
  );
  const rounds = lastRound(roundsAt.keys(), (record) => roundsAt.get(record));
  const upTo = (last: number) => table.filter((_, i) => (attacks[i]!.round ?? 0) <= last);
  const before = upTo(rounds - 1);
  const gain = gainOf(before, upTo(rounds).slice(before.length), { seed });
  const isSmall = gain.aAcc < leastGain && gain.mIoU < leastGain;
  return { eps, seed, rounds, gain, ended: isSmall ? "gain" : "steps" };
}

/** The published accounting to use, if any. */
function publishedVersion({ protocol }: RunDescription): AuthorsVersion | undefined {
  if (protocol.accounting === "strict") return undefined;
  return protocol.publishedVersion ?? "2024";
}

function strictWorst(worst: WorstCase): WorstFigures {
  const { aAcc, aAccPooled, mIoU, mIoULower, perClassIoU, imageMIoU } = worst;
  return {
    aAcc: present(aAcc),
    aAccPooled: present(aAccPooled),
    mIoU: present(mIoU),
    mIoULower: present(mIoULower),
    perClassIoU: [...perClassIoU],
    imageMIoU: present(imageMIoU),
  };
}

function withoutFigures({ aAcc, mIoU }: ReturnType<typeof leaveOneOut>[number]) {
  return { aAcc: present(aAcc), mIoU: present(mIoU) };
}

function authorsWorst(table: CountsTable, version: AuthorsVersion): Partial<WorstFigures> {
  const { aAcc, aAccPooled, mIoU, perClassIoU } = authorsWorstCase(table, version);
  return {
    aAcc: present(aAcc),
    aAccPooled: present(aAccPooled),
    mIoU: present(mIoU),
    perClassIoU: [...perClassIoU],
  };
}

function figuresOf(images: readonly Counts[]): Figures {
  const whole = sumCounts(images);
  return {
    aAcc: present(imageAccuracy(images)),
    aAccPooled: present(pixelAccuracy(whole)),
    mAcc: present(meanAccuracy(whole)),
    mIoU: present(meanIoU(whole)),
    perClassIoU: perClassIoU(whole),
    imageMIoU: present(imageMeanIoU(images)),
  };
}

/** A figure of images with a labelled pixel; `ignoredShare` has refused sets without one. */
function present(figure: number | null): number {
  invariant(figure !== null, "a figure of no labelled pixel");
  return figure;
}

function ignoredShare(clean: readonly RunRecord[]): number {
  const sum = (of: (record: RunRecord) => number) => clean.reduce((total, record) => total + of(record), 0);
  const [valid, pixels] = [sum((record) => record.valid), sum((record) => record.pixels)];
  if (valid > 0) return (pixels - valid) / pixels;
  throw new SeawallError(
    "data",
    `no pixel of the ${clean.length} images has a label that counts; check --classes and --ignore-label`,
  );
}

function costOf(arranged: readonly ImageRecords[]): Result["cost"] {
  const cost = { forward: 0, backward: 0, seconds: 0 };
  for (const { forward, backward, seconds } of arranged.flatMap(({ records }) => records)) {
    cost.forward += forward;
    cost.backward += backward;
    cost.seconds += seconds;
  }
  return cost;
}
