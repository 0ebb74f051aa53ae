/** Does every point that was counted lie in its ball? */
import { parseRadius } from "../../base/index.js";
import type { RunRecord } from "../../journal/index.js";
import type { RecordCheck } from "./check.js";

/** Single precision near 1 has steps of 6e-8. */
const slack = 1e-6;

export const ball: RecordCheck = {
  raisedIf: "a perturbed image that was counted is further from its image than its radius allows",
  means: "an attack used more than its budget: the figures are too low",
  remedy: "the journal was changed, or Seawall has a bug: report it",
  run({ records }) {
    const excess = (record: RunRecord) => record.maxDelta - parseRadius(record.eps).value;
    const worst = records.reduce((most, record) => Math.max(most, excess(record)), 0);
    return {
      status: worst <= slack ? "pass" : "fail",
      detail: `${records.length} perturbed images checked: ${worst > 0 ? `none is outside its ball by more than ${worst.toExponential(0)}` : "all are inside their balls"}`,
    };
  },
};
