/** The lines about a run: columns, figures that do not exist, rates at their limits, and how often. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { attackLine, checkLines, marks } from "../../src/cli/output/lines.js";
import { progressOf, progressText } from "../../src/cli/output/progress.js";
import { Rate } from "../../src/cli/output/rate.js";
import { live } from "../../src/cli/output/terminal.js";

const plan = {
  ...{ images: 1, attacks: ["noise", "apgd:mask-ce"], rounds: 0, eps: ["1/255", "16/255"], passes: 12_345 },
  ...{ classes: 3, classNames: undefined, found: 0, records: 1000 },
};

describe("a planned run", () => {
  it("has figures of all attacks below each other, also where there are none", () => {
    const worst = { aAcc: 0.25, mIoU: 0.125 };
    const lines = plan.eps.flatMap((eps) =>
      plan.attacks.flatMap((attack) =>
        [
          { aAcc: 0.5, mIoU: null },
          { aAcc: null, mIoU: 1 },
        ].map((figures) => attackLine({ attack, eps, worst, seconds: 75, ...figures }, plan, "aAcc")),
      ),
    );
    expect(lines).toHaveLength(8);
    for (const mark of ["aAcc", "mIoU", "worst so far", "1 min 15 s"])
      expect(new Set(lines.map((line) => line.indexOf(mark))).size).toBe(1);
    expect(lines[0]).toMatch(/^1\/255 {3}noise {10}aAcc 0\.5000 {2}mIoU none {5}worst so far aAcc 0\.2500/);
  });
});

describe("checks", () => {
  const words = Array.from({ length: 60 }, (_, i) => `word${i}`).join(" ");

  it("wrap long details under their column and lose no word", () => {
    const [first, ...more] = checkLines([{ name: "name", status: "warn", detail: words }]);
    expect(first!.startsWith(`${marks.warn} name   word0 `)).toBe(true);
    const column = first!.indexOf("word0");
    expect(more.length).toBeGreaterThan(2);
    for (const line of more) expect(line.search(/\S/)).toBe(column);
    const read = [first!.slice(column), ...more.map((line) => line.slice(column))];
    expect(read.join(" ")).toBe(words);
  });
});

describe("rates", () => {
  const rateOf = (...marks: [done: number, seconds: number][]) => {
    const rate = new Rate();
    for (const [done, seconds] of marks) rate.observe(done, seconds);
    return rate;
  };

  it("are unknown where nothing moves, and leave nothing at the end", () => {
    for (const still of [rateOf([3, 0], [3, 9]), rateOf([3, 5], [4, 5])])
      expect([still.perSecond, still.left(10)]).toEqual([undefined, undefined]);
    const rate = rateOf([0, 1], [8, 5]);
    expect([rate.perSecond, rate.left(8), rate.left(9)]).toEqual([2, 0, 0.5]);
  });

  it("stand in a line that has a share also of no passes at all", () => {
    const text = (done: number, total: number, rate = new Rate()) =>
      progressText({ done, total, attack: "clean", eps: "0" }, rate);
    expect(text(0, 0)).toBe("clean · 0 % · 0 of 0 passes");
    // Not all is done until all is done.
    expect(text(9999, 10_000)).toContain("· 99 % ·");
    expect(text(10, 10, rateOf([0, 0], [10, 4]))).toBe(
      "clean · 100 % · 10 of 10 passes · 2.50/s · 0.0 s left",
    );
  });
});

describe.skipIf(live)("progress in a log (skipped on a terminal, which shows a bar)", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("has a line after 5 seconds, then one every 30, and what is said at once", () => {
    const written: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
    const view = progressOf(({ done }) => `at ${done}`);
    for (let second = 0; second <= 70; second++) {
      view.update({ done: second, total: 100 });
      if (second === 20) view.say("one", "two");
      vi.advanceTimersByTime(1000);
    }
    view.end();
    expect(written).toEqual(["at 5\n", "one\n", "two\n", "at 35\n", "at 65\n"]);
  });
});
