/** Values of flags: what each reader takes, what it refuses, and in which words. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import {
  classes,
  collect,
  decimal,
  factors,
  flagValue,
  fraction,
  numbers,
  positiveWhole,
  sizes,
  whole,
} from "../../src/cli/settings/values.js";

describe("numbers", () => {
  it("are read back as JavaScript writes them", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger(), (x, n) => {
        // A zero's sign is lost in writing.
        expect(decimal(String(x))).toBe(x === 0 ? 0 : x);
        expect(whole(String(n))).toBe(n);
        expect(numbers(2, "0,255")(` ${x}, ${n} `)).toEqual([x === 0 ? 0 : x, n]);
      }),
    );
  });

  it.each(["", " ", "1 ", "1.", "0x10", "1e3", "Infinity", "NaN", "+1", "1_000", "1,000", "١"])(
    'are not whole as "%s"',
    (text) => {
      expect(() => whole(text)).toThrow(`expected a whole number, got "${text}"`);
    },
  );

  it.each(["", ".", "-", "1e", "e5", "0x10", "Infinity", "NaN", "1.2.3", "4/255", "1,5", "1\n"])(
    'are none as "%s"',
    (text) => {
      expect(() => decimal(text)).toThrow("expected a number, got");
    },
  );

  it("come as many as the flag says", () => {
    const three = numbers(3, "0.485,0.456,0.406");
    expect(three(".5,1.,-2E-1")).toEqual([0.5, 1, -0.2]);
    for (const text of ["1,2", "1,2,3,4", "1,,3", "1,2,3,", "1 2 3", "1;2;3"])
      expect(() => three(text)).toThrow(`expected 3 numbers as 0.485,0.456,0.406, got "${text}"`);
  });

  it("are counts from 1 on, with leading zeros", () => {
    expect(["1", "007", "10"].map(positiveWhole)).toEqual([1, 7, 10]);
    for (const text of ["0", "00", "-1", "1.5", ""])
      expect(() => positiveWhole(text)).toThrow(/whole number of at least 1/);
  });

  it("are fractions up to 1 and no more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (n) => {
        expect(fraction((n / 10_000).toFixed(4))).toBe(n / 10_000);
        expect(() => fraction((1 + (n + 1) / 10_000).toFixed(4))).toThrow(/from 0 to 1/);
      }),
    );
    expect([".5", "0.", "1.00"].map(fraction)).toEqual([0.5, 0, 1]);
    for (const text of ["", ".", "-0.1", "1.01", "50%", "2"])
      expect(() => fraction(text)).toThrow(/from 0 to 1/);
  });
});

describe("factors", () => {
  it("are numbers by name, with blanks around them", () => {
    expect(factors("backbone=0.1, decode_head = 1e1")).toEqual({ backbone: 0.1, decode_head: 10 });
    expect(Object.entries(factors("__proto__=2"))).toEqual([["__proto__", 2]]);
  });

  it.each([
    ["=1", /expected NAME=NUMBER, got "=1"/],
    ["a", /expected NAME=NUMBER, got "a"/],
    ["a=1=2", /expected NAME=NUMBER, got "a=1=2"/],
    ["a=1,b=2,a=3", /expected each name once/],
    ["a=b", /expected a number, got "b"/],
    ["a=1,", /expected NAME=NUMBER/],
  ])("refuse %s", (text, problem) => {
    expect(() => factors(text)).toThrow(problem);
  });
});

it("takes digits for a number of classes and all else for a file", () => {
  expect(["19", "0", "classes.txt", "-1", "1.txt", ""].map(classes)).toEqual([
    ...[19, 0, "classes.txt", "-1", "1.txt", ""],
  ]);
});

it("collects repeated flags in order and leaves the list before as it was", () => {
  const before = ["a"];
  expect([collect("b", before), collect("b"), before]).toEqual([["a", "b"], ["b"], ["a"]]);
});

it("names the flag of a value that is refused", () => {
  expect(flagValue("--top", "3", positiveWhole)).toBe(3);
  const refused = () => flagValue("--top", "0", positiveWhole);
  expect(refused).toThrow(SeawallError);
  expect(refused).toThrow('--top: expected a whole number of at least 1, got "0"');
});

it.each(["99999999999999999999", "9007199254740993"])(
  "%s loses digits as a number, and is refused",
  (text) => {
    for (const read of [whole, positiveWhole, classes])
      expect(() => read(text)).toThrow(/at most 9007199254740991/);
    expect(() => sizes("1x2")(`${text}x2`)).toThrow(/at most/);
  },
);
