/** Label maps and palettes: what users write, and what is refused with the line or entry named. */
import { describe, expect, it } from "vitest";
import { parseLabelMap, parseLabelMapFile } from "../../src/data/pixels/label-map.js";
import { palettes, parsePalette } from "../../src/data/pixels/palette.js";

const mapped = (text: string, values: readonly number[]) => values.map(parseLabelMap(text).classOf);

describe("--label-map", () => {
  it("maps single values and leaves the others", () => {
    expect(mapped("255:1", [0, 1, 255])).toEqual([undefined, undefined, 1]);
    expect(mapped("7:ignore, 8 : 3", [7, 8, 9])).toEqual([-1, 3, undefined]);
  });

  it("reduce-zero: 0 and 255 count nowhere, the others move down by one", () => {
    expect(mapped("reduce-zero", [0, 1, 150, 255])).toEqual([-1, 0, 149, -1]);
  });

  it("an entry goes before reduce-zero", () => {
    expect(mapped("reduce-zero,255:4", [1, 255])).toEqual([0, 4]);
  });

  it.each(["", "1", "1:", "a:1", "1:-1", "70000:1", "1:2,1:3", "1:2,,"])(
    "refuses %j with the forms",
    (text) => {
      expect(() => parseLabelMap(text)).toThrow(/--label-map.*expected STORED:CLASS/);
    },
  );
});

describe("a file with one line a class", () => {
  it("gives several values to a class, and names", () => {
    const map = parseLabelMapFile("# classes\n7,8 road\r\n\n11 building, or wall\n3\n", "map.txt");
    expect([7, 8, 11, 3, 0, 255].map(map.classOf)).toEqual([0, 0, 1, 2, -1, -1]);
    expect(map.names).toEqual(["road", "building, or wall", "2"]);
  });

  it.each([
    ["7 road\n7 wall", /map\.txt: line 2, "7 wall": value 7 is above 65535 or named twice/],
    ["x road", /line 1, "x road": no such line/],
    ["70000", /line 1.*value 70000/],
    ["# nothing", /names no class/],
  ])("refuses %j", (content, message) => {
    expect(() => parseLabelMapFile(content, "map.txt")).toThrow(message);
  });
});

const at = (name: string, red: number, green: number, blue: number) =>
  palettes[name]!.get((red << 16) | (green << 8) | blue);

describe("palettes", () => {
  // Colours as the data sets' own documentation lists them.
  it.each<[string, [number, number, number], number]>([
    ["voc", [0, 0, 0], 0],
    ["voc", [128, 0, 0], 1],
    ["voc", [0, 128, 0], 2],
    ["voc", [192, 128, 128], 15],
    ["voc", [0, 64, 128], 20],
    ["voc", [224, 224, 192], -1],
    ["cityscapes", [128, 64, 128], 0],
    ["cityscapes", [0, 0, 142], 13],
    ["cityscapes", [119, 11, 32], 18],
    ["cityscapes", [0, 0, 0], -1],
    ["camvid", [128, 128, 128], 0],
    ["camvid", [64, 192, 0], 1],
    ["camvid", [0, 128, 192], 10],
    ["camvid", [0, 0, 0], -1],
  ])("%s: %j is class %d", (name, colour, label) => {
    expect(at(name, ...colour)).toBe(label);
  });

  it.each([
    ["voc", 21],
    ["cityscapes", 19],
    ["camvid", 11],
  ])("%s has %d classes", (name, count) => {
    const classes = new Set([...palettes[name]!.values()].filter((label) => label >= 0));
    expect(classes).toEqual(new Set(Array.from({ length: count }, (_, label) => label)));
  });

  it("reads a file of colours", () => {
    const palette = parsePalette("# red first\n255 0 0 fire\n0,255,0\nignore 0 0 0\n", "colours.txt");
    expect([...palette]).toEqual([
      [0xff0000, 0],
      [0x00ff00, 1],
      [0, -1],
    ]);
  });

  it.each([
    ["1 2", /colours\.txt: line 1, "1 2": expected red, green and blue/],
    ["1 2 256", /line 1/],
    ["1 2 3\n1 2 3", /line 2/],
    ["ignore 0 0 0", /names no class/],
  ])("refuses %j", (content, message) => {
    expect(() => parsePalette(content, "colours.txt")).toThrow(message);
  });
});
