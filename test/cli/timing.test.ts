/** The account of a run's time. */
import { describe, expect, it } from "vitest";
import { Timing } from "../../src/cli/output/timing.js";

describe("an account of a run's time", () => {
  const timing = new Timing();
  const stages = ["plan", "checks", "clean", "attacks", "result", "report"] as const;
  for (const stage of stages) timing.begin(stage);
  const [head, ...rows] = timing.lines();
  const numbers = (row: string) => [...row.matchAll(/([\d.]+) s/g)].map(([, text]) => Number(text));

  it("has a row for each stage, the start of the program included, and their sum", () => {
    expect(head).toMatch(/where the time went +wall +processor/);
    expect(rows).toHaveLength(stages.length + 2);
    expect(rows.at(-1)).toMatch(/^in all/);
  });

  it("adds up", () => {
    const parts = rows.slice(0, -1).map(numbers);
    for (const column of [0, 1]) {
      const sum = parts.reduce((total, row) => total + row[column]!, 0);
      // Each row is rounded to a hundredth of a second.
      expect(Math.abs(sum - numbers(rows.at(-1)!)[column]!)).toBeLessThanOrEqual(0.005 * rows.length);
    }
  });
});
