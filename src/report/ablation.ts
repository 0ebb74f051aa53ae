/** Leave-one-out as plain text: the worst case without each attack, by radius. */
import type { Result } from "../journal/index.js";
import { alignRows, formatFigure } from "./text.js";

/** One table for all radii. Empty for a run of one attack, and for a run too old to have these figures. */
export function ablationLines({ robust, data }: Result): string[] {
  // Repeats have no such figures: they are left out with the attack that they repeat.
  const attacks = (robust[0]?.attacks ?? []).filter(({ without }) => without);
  if (attacks.length === 0) return [];
  const share = data.labels === "self" ? "consistency" : "aAcc";
  const pair = (figures: { aAcc: number; mIoU: number }) => [
    formatFigure(figures.aAcc),
    formatFigure(figures.mIoU),
  ];
  return alignRows([
    ["worst case without", ...robust.flatMap(({ eps }) => [`${share} at ${eps}`, "mIoU"])],
    ...attacks.map(({ name }) => [
      name,
      ...robust.flatMap(({ attacks }) => pair(attacks.find((attack) => attack.name === name)!.without!)),
    ]),
  ]);
}
