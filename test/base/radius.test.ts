/** Radii as users write them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRadius, SeawallError } from "../../src/base/index.js";

describe("a radius", () => {
  it.each([
    ["4/255", "4/255", 4 / 255],
    [" 4 / 255 ", "4/255", 4 / 255],
    ["0.5/255", "0.5/255", 0.5 / 255],
    [".5/2", ".5/2", 0.25],
    ["255/255", "255/255", 1],
    ["0.0157", "0.0157", 0.0157],
    [".1", ".1", 0.1],
    ["0", "0", 0],
    ["0/255", "0/255", 0],
    ["1", "1", 1],
    ["1.", "1.", 1],
    ["1e-2", "1e-2", 0.01],
    ["1E-2", "1E-2", 0.01],
  ])("%j is read", (text, name, value) => {
    expect(parseRadius(text)).toEqual({ text: name, value });
  });

  it.each([
    "",
    " ",
    "four",
    "4/",
    "/255",
    "-1/255",
    "-0.1",
    "+0.1",
    "4/-255",
    "1e-2/2",
    "4//255",
    "4/255/2",
    "0x1",
    "NaN",
    "Infinity",
    "1,5",
  ])("%j is refused with two examples", (text) => {
    expect(() => parseRadius(text)).toThrow(
      `radius "${text}": expected a fraction such as 4/255 or a decimal such as 0.0157`,
    );
  });

  it.each(["1.01", "2", "256/255", "1e9", "1/0", "0/0"])("%j, above 1 or no number, is refused", (text) => {
    expect(() => parseRadius(text)).toThrow(`radius "${text}": must be at most 1`);
  });

  it("given in grey levels is answered with the fraction that was meant", () => {
    expect(() => parseRadius("8")).toThrow("for 8 grey levels of 255 write 8/255");
    // A fraction already says its unit.
    expect(() => parseRadius("300/255")).toThrow(/at most 1, because pixel values are in \[0, 1\]$/);
  });

  it("of any text is in [0, 1] or a config error", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.tuple(fc.double(), fc.double()).map((pair) => pair.join("/")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const { value } = parseRadius(text);
          expect(value >= 0 && value <= 1).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(SeawallError);
          expect(error).toHaveProperty("code", "config");
        }
      }),
    );
  });
});
