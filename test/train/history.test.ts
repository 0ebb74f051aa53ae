/** How validations are judged: best and top checkpoints, and how long nothing has risen. */
import { describe, expect, it } from "vitest";
import { emptyHistory, type Judging, withValidation } from "../../src/train/state/history.js";

const robustDecides: Judging = { decides: "bestRobust", keep: 2 };

/** The history after validations with these attacked accuracies, at updates 10, 20, …; clean ones are 0.9. */
function historyAfter(figures: readonly (number | null)[], judging = robustDecides) {
  let history = emptyHistory;
  for (const [i, aAcc] of figures.entries()) {
    const validation = { clean: { aAcc: 0.9 }, robust: { aAcc } };
    history = withValidation(history, 10 * (i + 1), validation, judging).history;
  }
  return history;
}

describe("a validation", () => {
  it("counts the validations since the deciding accuracy last rose, by the rise alone", () => {
    expect(historyAfter([0.5]).stale).toBe(0);
    expect(historyAfter([0.5, 0.5, 0.4]).stale).toBe(2);
    expect(historyAfter([0.5, 0.4, 0.45, 0.51]).stale).toBe(0);
  });

  it("is judged by clean images where no image is attacked in training", () => {
    expect(historyAfter([0.5, 0.6, 0.7], { decides: "bestClean", keep: 2 }).stale).toBe(2);
  });

  it("keeps the best checkpoints, of equal ones the earlier", () => {
    expect(historyAfter([0.5, 0.7, 0.6, 0.7, 0.2]).top).toEqual([
      { step: 20, figure: 0.7 },
      { step: 40, figure: 0.7 },
    ]);
    expect(historyAfter([0.5, 0.5, 0.5]).top.map(({ step }) => step)).toEqual([10, 20]);
  });

  it("without a labelled pixel is no better than any, and keeps nothing", () => {
    expect(historyAfter([null, null])).toEqual({ best: { bestClean: 0.9 }, stale: 2, top: [] });
    expect(historyAfter([0, null])).toMatchObject({
      best: { bestRobust: 0 },
      stale: 1,
      top: [{ step: 10 }],
    });
  });

  it("names the checkpoints that it replaces", () => {
    const validation = (robust: number, clean: number) => ({
      clean: { aAcc: clean },
      robust: { aAcc: robust },
    });
    const { history, better } = withValidation(emptyHistory, 1, validation(0.5, 0.5), robustDecides);
    expect(better).toEqual(["bestRobust", "bestClean"]);
    expect(withValidation(history, 2, validation(0.6, 0.5), robustDecides).better).toEqual(["bestRobust"]);
    expect(withValidation(history, 2, validation(0.4, 0.6), robustDecides).better).toEqual(["bestClean"]);
  });
});
