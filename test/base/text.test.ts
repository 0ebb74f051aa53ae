/** Numbers as people read them. */
import { expect, it } from "vitest";
import {
  formatCount,
  formatDuration,
  formatFigure,
  formatShare,
  plural,
  printable,
} from "../../src/base/index.js";

it("figures have four decimals, shares one", () => {
  expect([0, 0.12345, 0.99996, 1].map(formatFigure)).toEqual(["0.0000", "0.1235", "1.0000", "1.0000"]);
  expect([0, 0.0314, 0.9996, 1].map(formatShare)).toEqual(["0.0 %", "3.1 %", "100.0 %", "100.0 %"]);
});

it("counts have thousands separators, and nouns their plural", () => {
  expect([0, 999, 12345, 1234567].map(formatCount)).toEqual(["0", "999", "12,345", "1,234,567"]);
  expect(plural(1, "image")).toBe("1 image");
  expect(plural(0, "image")).toBe("0 images");
  expect(plural(2000, "class")).toBe("2,000 classes");
});

it.each([
  [0, "0.0 s"],
  [0.44, "0.4 s"],
  [9.94, "9.9 s"],
  [9.95, "10 s"],
  [59.4, "59 s"],
  [59.5, "1 min"],
  [61, "1 min 1 s"],
  [200, "3 min 20 s"],
  [599.4, "9 min 59 s"],
  // From ten minutes on, seconds are left out.
  [600, "10 min"],
  [3569, "59 min"],
  [3570, "1 h"],
  [7500, "2 h 5 min"],
  [360_000, "100 h"],
  [Number.POSITIVE_INFINITY, "unknown"],
  [Number.NaN, "unknown"],
])("%f seconds are %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

it("untrusted text becomes one line without control characters, and is left as it is where it has none", () => {
  expect(printable("a\nb\r\tc\0\x1b[31m\x7f\x9bd\u202e\u2066e")).toBe(
    "a\\nb\\r\\tc\\u0000\\u001b[31m\\u007f\\u009bd\\u202e\\u2066e",
  );
  for (const text of ["", "größe 道路 🚗", 'a "quoted\\n" name']) expect(printable(text)).toBe(text);
});
