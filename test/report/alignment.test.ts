/** Columns and signed differences of plain text, for cells of any kind. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alignRows, formatDifference, formatFigure } from "../../src/report/index.js";

const word = fc.stringMatching(/^[a-zé=ε/]{1,9}$/);
const number = fc.oneof(
  fc.integer({ min: -99999, max: 99999 }).map(String),
  fc.double({ min: -9, max: 9, noNaN: true }).map((value) => value.toFixed(4)),
  fc.nat(100).map((value) => `${value} %`),
);

describe("alignRows", () => {
  it("starts every word of a column, and ends every number, in one place", () => {
    const rows = fc.array(fc.tuple(word, number, word), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(rows, (body) => {
        const table = [["name", "figure", "end"], ...body];
        const width = (i: number) => Math.max(...table.map((row) => row[i]!.length));
        const [first, second] = [width(0), width(1)];
        for (const [r, line] of alignRows(table).entries()) {
          const [name, figure, end] = table[r]!;
          expect(line.slice(0, first).trimEnd()).toBe(name);
          expect(line.slice(first, first + 3)).toBe("   ");
          expect(line.slice(first + 3, first + 3 + second).trimStart()).toBe(figure);
          expect(line.slice(first + second + 6)).toBe(end);
        }
      }),
    );
  });

  it("takes a column for words as soon as one cell is none of a number", () => {
    const cells = (last: string) => alignRows([["head"], ["1"], [last]]).map((line) => line.trimEnd());
    expect(cells("+2.5")).toEqual(["head", "   1", "+2.5"]);
    expect(cells("12 %")).toEqual(["head", "   1", "12 %"]);
    for (const other of ["–", "1e-4", "4/255", "12 s"]) expect(cells(other)).toEqual(["head", "1", other]);
  });

  it.each([
    // The columns of a terminal: two for each wide character, none for a mark that joins the one before.
    ["Straße", 6],
    ["道路", 4],
    ["ドア", 4],
    ["건물", 4],
    ["सड़क", 3],
    ["ถนนใหญ่", 6],
    ["cafe\u0301", 4],
    ["🚗", 2],
    ["👨‍👩‍👧", 2],
  ])("counts %s as %i columns", (name, columns) => {
    const [first, second] = alignRows([
      [name, "end"],
      ["a2345678", "end"],
    ]);
    expect(first).toBe(`${name}${" ".repeat(8 - columns)}   end`);
    expect(second).toBe("a2345678   end");
    expect(alignRows([[name], ["1"]])[1]).toBe("1".padStart(columns));
  });

  it("keeps a cell on its line", () => {
    expect(alignRows([["a\nb", "c"], ["long"]])).toEqual(["a\\nb   c", "long"]);
  });

  it("leaves no blanks at the end, and fills a row that is shorter than others with none", () => {
    const lines = alignRows([["a", "b", "c"], ["long", ""], [], ["x"]], " ");
    expect(lines).toEqual(["a    b c", "long", "", "x"]);
    expect(alignRows([])).toEqual([]);
  });
});

describe("formatDifference", () => {
  it("has the sign of what it shows, and is turned by a turned difference", () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1, noNaN: true }), (difference) => {
        const text = formatDifference(difference);
        expect(Math.abs(Number(text) - difference)).toBeLessThanOrEqual(0.00005 + 1e-12);
        const sign = { "1": "+", "-1": "-", "0": "" }[String(Math.sign(Number(text)) || 0)]!;
        expect(text).toBe(sign + formatFigure(Math.abs(difference)));
        const turned = formatDifference(-difference);
        expect(turned.replace(/^[-+]/, "")).toBe(text.replace(/^[-+]/, ""));
      }),
    );
    expect([0, -0, 0.00004, -0.00004].map(formatDifference)).toEqual(Array(4).fill("0.0000"));
    expect([0.00006, -0.00006].map(formatDifference)).toEqual(["+0.0001", "-0.0001"]);
  });
});
