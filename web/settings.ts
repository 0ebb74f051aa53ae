/** The page's settings as the part of its address behind `#`, so that a link holds them. It never holds files. */

/** What can stand on a side. `own`: a file of the person, which no link holds. */
export const modelChoices = ["none", "fragile", "robust", "own"] as const;
export type ModelChoice = (typeof modelChoices)[number];

/** Attacks offered, by the names of `seawall eval --attacks`. */
export const offeredAttacks: Readonly<Record<string, string>> = {
  "apgd:mask-ce": "APGD on the pixels that are still right",
  "sea-2023": "SEA: four attacks, the published ensemble",
  "surge-fast": "Surge, fast: two attacks, one after the other",
  "apgd:ce": "APGD on the plain loss",
  cospgd: "CosPGD",
  segpgd: "SegPGD",
  "pgd:ce": "PGD",
  square: "Square: no gradient is used",
  noise: "noise, for comparison",
};

export interface PageSettings {
  readonly left: Exclude<ModelChoice, "none">;
  readonly right: ModelChoice;
  /** A key of `offeredAttacks`. */
  readonly attacks: string;
  /** In levels of 255, from 1 to 16. */
  readonly eps: number;
  /** From 1 to 1000. */
  readonly steps: number;
  /** The stored value of labels that count nowhere, from 0 to 65535. */
  readonly ignored: number | undefined;
}

export const defaultSettings: PageSettings = {
  left: "fragile",
  right: "robust",
  attacks: "apgd:mask-ce",
  eps: 4,
  steps: 30,
  ignored: undefined,
};

/** The settings that differ from the defaults, such as `#right=none&eps=8`; empty where none does. */
export function toHash(settings: PageSettings): string {
  const changed = Object.entries(settings).filter(
    ([name, value]) => value !== undefined && value !== defaultSettings[name as keyof PageSettings],
  );
  return changed.length === 0 ? "" : `#${changed.map(([name, value]) => `${name}=${value}`).join("&")}`;
}

/** Settings from a link. What it does not have, or has in a form that the page does not offer, is the default. */
export function fromHash(hash: string): PageSettings {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const number = (name: string, from: number, to: number) => {
    const text = given.get(name) ?? "";
    const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    return value >= from && value <= to ? value : undefined;
  };
  const among = <T extends string>(name: string, choices: readonly T[]) =>
    choices.find((choice) => choice === given.get(name));
  return {
    left: among("left", ["fragile", "robust", "own"]) ?? defaultSettings.left,
    right: among("right", modelChoices) ?? defaultSettings.right,
    attacks: among("attacks", Object.keys(offeredAttacks)) ?? defaultSettings.attacks,
    eps: number("eps", 1, 16) ?? defaultSettings.eps,
    steps: number("steps", 1, 1000) ?? defaultSettings.steps,
    ignored: number("ignored", 0, 65535),
  };
}
