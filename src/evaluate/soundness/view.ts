/** A run's records as its checks read them: radius by radius, attack by attack, image by image. */
import { repeatedName, transferPrefix, transferSearch } from "../../attack/index.js";
import { parseRadius } from "../../base/index.js";
import {
  bySeed,
  cleanAttack,
  type Member,
  type RunDescription,
  type RunRecord,
} from "../../journal/index.js";

/** One attack at one radius. */
export interface AttackView {
  readonly attack: string;
  /** In [0, 1] units, and as written; above 0, since at 0 nothing is attacked. */
  readonly radius: number;
  readonly eps: string;
  /** By image; the same images in every view of a run. */
  readonly records: readonly RunRecord[];
}

export interface RunView {
  /** Labels are the values that label files store: no map and no data set reads them otherwise. */
  readonly labelsAreStored: boolean;
  /** All there are; images without a labelled pixel, and those that miss a record, are here alone. */
  readonly records: readonly RunRecord[];
  readonly clean: readonly RunRecord[];
  /** The attacks of each seed in their order, if one goes on from others by the model's own gradient. */
  readonly chains: readonly (readonly Member[])[];
  /** The attacks of each radius by name, from the smallest radius to the largest. */
  readonly radii: readonly (readonly AttackView[])[];
}

/** Attacks of a round that take no step on any image are left out. The order of the records changes nothing. */
export function viewRecords(
  records: readonly RunRecord[],
  { data, protocol }: Partial<Pick<RunDescription, "data" | "protocol">> = {},
): RunView {
  const slot = ({ eps, attack }: RunRecord) => JSON.stringify([eps, attack]);
  const all = new Set(records.map(slot)).size;
  const images = groups(records, ({ image }) => image);
  const whole = images.filter((own) => own[0]!.valid > 0 && new Set(own.map(slot)).size === all);
  const ordered = whole.sort((a, b) => a[0]!.index - b[0]!.index).flat();
  const clean = ordered.filter(({ attack }) => attack === cleanAttack);
  const attacked = ordered.filter(({ attack, eps }) => attack !== cleanAttack && parseRadius(eps).value > 0);
  const views = groups(attacked, slot).map(viewOf).filter(isMade).sort(byRadiusAndName);
  return {
    ...{ records, labelsAreStored: areStored(data), clean, radii: groups(views, ({ eps }) => eps) },
    chains: protocol
      ? bySeed(protocol, protocol.members)
          .map(({ attacks }) => attacks)
          .filter(goesOn)
      : [],
  };
}

const isMade = ({ records }: AttackView) => records.some(({ steps }) => steps !== 0);
const goesOn = (attacks: readonly Member[]) =>
  attacks.some(({ name, continues }) => continues && !isTransfer({ attack: name }));

function areStored(data: Pick<RunDescription["data"], "spec" | "settings"> | undefined): boolean {
  if (data === undefined) return true;
  const { spec, settings } = data;
  return !spec.startsWith("cityscapes:") && !settings.labelMap && !settings.labelVariant;
}

function viewOf(records: readonly RunRecord[]): AttackView {
  const { attack, eps } = records[0]!;
  return { attack, eps, radius: parseRadius(eps).value, records };
}

function byRadiusAndName(a: AttackView, b: AttackView): number {
  return a.radius - b.radius || (a.attack < b.attack ? -1 : 1);
}

/** Entries of equal key together, in the order in which the keys come first. */
function groups<T>(entries: readonly T[], keyOf: (entry: T) => string): T[][] {
  const found = new Map<string, T[]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    const own = found.get(key);
    if (own) own.push(entry);
    else found.set(key, [entry]);
  }
  return [...found.values()];
}

/** Attacks that follow gradients, and those that search without (noise does neither). */
export const followsGradients = ({ records }: AttackView) => records.some(({ backward }) => backward > 0);
export const isNoise = ({ attack }: AttackView) => repeatedName(attack) === "noise";
export const isBlackBox = (view: AttackView) =>
  !followsGradients(view) && !isTransfer(view) && !isNoise(view);

/** Attacks by the gradient of a surrogate or from a point found by it, and those by the model's own gradient. */
export const isTransfer = ({ attack }: Pick<AttackView, "attack">) =>
  attack.startsWith(transferPrefix) || repeatedName(attack) === transferSearch.name;
export const followsOwnGradients = (view: AttackView) => followsGradients(view) && !isTransfer(view);

/** Whether every record has what checks read of it: those of older journals have not. */
export const hasEvidence = ({ records }: AttackView) => records.every(({ evidence }) => evidence);
