/** Does every point that was counted lie in its ball? */
import { parseRadius } from "../../base/index.js";
import type { RunRecord } from "../../journal/index.js";
import type { RecordCheck } from "./check.js";

/** Single precision near 1 has steps of 6e-8. */
const slack = 1e-6;

export const ball: RecordCheck = {
  raisedIf: "a counted point is further from its image than its radius",
  means: "an attack claims what it may not: the figures are too low",
  remedy: "the journal was changed, or this is a mistake of Seawall's: report it",
  run({ records }) {
    const excess = (record: RunRecord) => record.maxDelta - parseRadius(record.eps).value;
    const worst = records.reduce((most, record) => Math.max(most, excess(record)), 0);
    return {
      status: worst <= slack ? "pass" : "fail",
      detail: `${records.length} points checked, ${worst > 0 ? `none further outside than ${worst.toExponential(0)}` : "all inside"}`,
    };
  },
};
