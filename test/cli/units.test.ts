/** The parts of the command line that need no process. */
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { shellQuote } from "../../src/cli/output/eval-command.js";
import { progressText } from "../../src/cli/output/progress.js";
import { programWords, resumeCommand } from "../../src/cli/output/quote.js";
import { Rate } from "../../src/cli/output/rate.js";
import { reportError } from "../../src/cli/process/exit.js";
import { Interrupted } from "../../src/cli/process/interrupt.js";
import { shard, sizes } from "../../src/cli/settings/values.js";
import { wrapText } from "../../src/report/index.js";

describe("quoting", () => {
  it("is undone by a shell", () => {
    const argument = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", ""));
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 4 }), (given) => {
        const line = ["printf", "%s\\0", "first", ...given].map(shellQuote).join(" ");
        const printed = execFileSync("sh", ["-c", line], { encoding: "utf8" });
        expect(printed.split("\0").slice(1, -1)).toEqual(given);
      }),
      { numRuns: 40 },
    );
  });

  it("leaves plain arguments readable", () => {
    expect(
      resumeCommand(["seawall"], ["eval", "--eps", "4/255,8/255", "--gate", "worst.mIoU@4/255>=0.6"]),
    ).toBe("seawall eval --eps 4/255,8/255 --gate 'worst.mIoU@4/255>=0.6' --resume");
    expect(resumeCommand(["seawall"], ["eval", "--resume"])).toBe("seawall eval --resume");
    expect(resumeCommand(["seawall"], ["eval", "--no-resume"])).toBe("seawall eval --resume");
  });

  it("knows how the program was called", () => {
    expect(programWords({ npm_command: "exec" }, "/a/main.js", "/a")).toEqual(["npx", "seawall"]);
    expect(programWords({}, "/usr/bin/seawall", "/a")).toEqual(["seawall"]);
    expect(programWords({}, "/a/dist/cli/main.js", "/a/runs")).toEqual(["node", "../dist/cli/main.js"]);
  });
});

describe("rate", () => {
  it("is unknown at first, then that of the last minute", () => {
    const rate = new Rate();
    expect([rate.perSecond, rate.left(10)]).toEqual([undefined, undefined]);
    rate.observe(0, 0);
    expect(rate.perSecond).toBeUndefined();
    rate.observe(10, 5);
    expect([rate.perSecond, rate.left(30)]).toEqual([2, 10]);
    for (let second = 6; second <= 200; second++) rate.observe(10 + (second - 5) * 7, second);
    expect(rate.perSecond).toBeCloseTo(7, 9);
  });

  it("is not that of one slow unit", () => {
    const rate = new Rate();
    for (let i = 0; i <= 30; i++) rate.observe(i, i);
    rate.observe(31, 200);
    expect(rate.left(41)).toBeLessThan(150);
  });

  it("stands in the line of progress", () => {
    const rate = new Rate();
    const event = { done: 1204, total: 3030, attack: "apgd:js", eps: "4/255" };
    expect(progressText(event, rate)).toBe("apgd:js at 4/255 · 39 % · 1,204 of 3,030 passes");
    rate.observe(204, 0);
    rate.observe(1204, 50);
    expect(progressText(event, rate)).toBe(
      "apgd:js at 4/255 · 39 % · 1,204 of 3,030 passes · 20.0/s · 1 min 31 s left",
    );
    expect(progressText({ ...event, attack: "clean", eps: "0" }, new Rate())).toMatch(/^clean · /);
  });
});

it("reads sizes and shards as they are written", () => {
  expect(sizes("512x512")("360x480")).toEqual([360, 480]);
  expect(sizes("1x3x2x2")("1x3x8×09")).toEqual([1, 3, 8, 9]);
  expect(() => sizes("1x3x2x2")("1x3x0x9")).toThrow('expected sizes as 1x3x2x2, got "1x3x0x9"');
  expect([shard("1/1"), shard("4/4")]).toEqual([
    { index: 0, count: 1 },
    { index: 3, count: 4 },
  ]);
  expect(() => shard("5/4")).toThrow(/i from 1 to n/);
});

it("wraps between words and loses none", () => {
  expect(wrapText("one two three", 7)).toEqual(["one two", "three"]);
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }),
      fc.integer({ min: 1, max: 30 }),
      (words, width) => {
        const lines = wrapText(words.join(" "), width);
        expect(lines.join(" ")).toBe(words.join(" "));
        expect(lines.every((line) => line.length <= width || !line.includes(" "))).toBe(true);
      },
    ),
  );
});

describe("reportError", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  function report(error: unknown): { code: number; said: string } {
    let said = "";
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      said += text;
      return true;
    });
    return { code: reportError(error), said };
  }

  it("says what a user can mend and nothing else", () => {
    const { code, said } = report(new SeawallError("data", "a.png: damaged"));
    expect([code, said]).toEqual([2, "error: a.png: damaged\n"]);
  });

  it("marks its own mistakes, with the stack only when asked", () => {
    const plain = report(new TypeError("x is not a function"));
    expect(plain).toEqual({
      code: 1,
      said: expect.stringMatching(/^error: internal: x is not a function\n.*report/),
    });
    expect(plain.said).not.toMatch(/\n\s+at /);
    vi.stubEnv("SEAWALL_DEBUG", "1");
    expect(report(new Error("internal: odd")).said).toMatch(/^error: internal: odd\n(?:.*\n)*\s+at /);
  });

  it("ends an interrupted run with 130", () => {
    expect(report(new Interrupted("interrupted; kept"))).toEqual({ code: 130, said: "interrupted; kept\n" });
  });
});
