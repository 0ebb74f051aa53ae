/** Label maps and palettes: what users write, and what is refused with the line or entry named. */
import { describe, expect, it } from "vitest";
import { labelMapText, parseLabelMap, parseLabelMapFile } from "../../src/data/pixels/label-map.js";
import { classesByColour, parsePalette } from "../../src/data/pixels/palette.js";
import { palettes } from "../../src/data/pixels/palettes.js";
import { fromRgb } from "../../src/data/pixels/stored.js";

const mapped = (text: string, values: readonly number[]) => values.map(parseLabelMap(text).classOf);

describe("--label-map", () => {
  it("maps single values and leaves the others", () => {
    expect(mapped("255:1", [0, 1, 255])).toEqual([undefined, undefined, 1]);
    expect(mapped("7:ignore, 8 : 3", [7, 8, 9])).toEqual([-1, 3, undefined]);
  });

  it("maps ranges to one class, to several, or to nothing", () => {
    expect(mapped("200-255:ignore,7-9:2,1-3:0-2", [199, 200, 255, 7, 9, 1, 3])).toEqual([
      ...[undefined, -1, -1, 2, 2, 0, 2],
    ]);
  });

  it("reduce-zero: 0 and 255 count nowhere, the others move down by one", () => {
    expect(mapped("reduce-zero", [0, 1, 150, 255])).toEqual([-1, 0, 149, -1]);
  });

  it("cityscapes-ids: label ids become train ids", () => {
    expect(mapped("cityscapes-ids", [0, 6, 7, 11, 26, 33, 255])).toEqual([-1, -1, 0, 2, 13, 18, -1]);
    expect(parseLabelMap("cityscapes-ids").classes).toHaveLength(19);
  });

  it("an entry goes before a named map", () => {
    expect(mapped("reduce-zero,255:4", [1, 255])).toEqual([0, 4]);
  });

  it.each([
    ...["", "1", "1:", "a:1", "1:-1", "70000:1", "1:70000", "0-65536:ignore", "1:2,1:3", "1:2,,"],
    ...["3-1:0", "1-3:0-1", "reduce-zero,cityscapes-ids", "1-3:2,2:4"],
  ])("refuses %j with the forms", (text) => {
    expect(() => parseLabelMap(text)).toThrow(/--label-map.*expected comma-separated entries STORED:CLASS/);
  });

  it("is written from pairs with ranges, and read back as the same pairs", () => {
    const pairs = [
      ...([
        [1, 0],
        [2, 1],
        [3, 2],
        [5, 7],
      ] as [number, number][]),
      ...([
        [6, 7],
        [7, 8],
      ] as [number, number][]),
    ];
    expect(labelMapText(pairs)).toBe("1-3:0-2,5:7,6-7:7-8");
    const { classOf } = parseLabelMap(labelMapText(pairs));
    for (const [value, label] of pairs) expect(classOf(value)).toBe(label);
    expect([0, 4, 8].map(classOf)).toEqual([undefined, undefined, undefined]);
  });
});

const fileMap = (content: string) => parseLabelMapFile(content, "map.txt", "sha256:0");

describe("a label map file", () => {
  it("with one line a class gives several values to a class, and names; other values count nowhere", () => {
    const map = fileMap("# classes\n7,8 road\r\n\n11 building, or wall\n3\n20-22 sky\n");
    expect([7, 8, 11, 3, 21, 0, 255].map(map.classOf)).toEqual([0, 0, 1, 2, 3, -1, -1]);
    expect(map.classes).toEqual(["road", "building, or wall", "2", "sky"]);
    expect(fileMap("0\n255\n")).toMatchObject({ classes: 2, text: "sha256:0" });
  });

  it("with entries maps these values and leaves the others", () => {
    const map = fileMap("# stored:class\n255:1\n\n5-7 : ignore\r\n");
    expect([255, 5, 7, 0].map(map.classOf)).toEqual([1, -1, -1, undefined]);
    expect(map.classes).toBeUndefined();
  });

  it.each([
    ["7 road\n7 wall", /map\.txt: line 2, "7 wall": value 7 is above 65535 or named twice/],
    ["x road", /line 1, "x road": expected stored values and a name/],
    ["70000", /line 1.*value 70000/],
    ["0-4000000000", /line 1.*above 65535/],
    ["255:1\nroad", /line 2, "road": expected a stored value and its class, as in "7:0"/],
    ["255:1\n255:0", /line 2, "255:0": value 255 is named twice/],
    ["# nothing", /names no class/],
  ])("refuses %j", (content, message) => {
    expect(() => fileMap(content)).toThrow(message);
  });
});

const classAt = (name: keyof typeof palettes, red: number, green: number, blue: number) =>
  palettes[name].classes.get((red << 16) | (green << 8) | blue);

describe("palettes", () => {
  // Colours as the data sets' own documentation lists them.
  it.each<[keyof typeof palettes, [number, number, number], number]>([
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
    ["cityscapes", [111, 74, 0], -1],
    ["camvid", [128, 128, 128], 0],
    ["camvid", [64, 192, 0], 1],
    ["camvid", [0, 128, 192], 10],
    ["camvid", [0, 0, 0], -1],
    ["ade20k", [0, 0, 0], 0],
    ["ade20k", [120, 120, 120], 1],
    ["ade20k", [6, 230, 230], 3],
    ["ade20k", [140, 140, 140], 7],
    ["ade20k", [92, 0, 255], 150],
  ])("%s: %j is class %d", (name, colour, label) => {
    expect(classAt(name, ...colour)).toBe(label);
  });

  it.each([
    ["voc", 21, 22],
    ["cityscapes", 19, 29],
    ["camvid", 11, 32],
    // Road and skyscraper have one colour.
    ["ade20k", 150, 150],
  ] as const)("%s has %d classes and %d colours", (name, count, colours) => {
    const classes = new Set([...palettes[name].classes.values()].filter((label) => label >= 0));
    expect(classes.size).toBe(count);
    expect(palettes[name].classes.size).toBe(colours);
  });

  it("reads a file of colours", () => {
    const palette = parsePalette("# red first\n255 0 0 fire\n0,255,0\nignore 0 0 0\n", "colours.txt");
    expect([...palette.classes]).toEqual([
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

describe("classes by colour", () => {
  const size = { height: 1, width: 3 };

  it("are looked up for colours, for the colours of a file's own palette, and for grey values", () => {
    const rgb = fromRgb(size, [128, 0, 0, 0, 0, 0, 224, 224, 192], 3);
    expect(classesByColour(rgb, palettes.voc, "a.png")).toEqual(Int32Array.of(1, 0, -1));
    const indexed = { ...size, values: Uint8Array.of(4, 4, 9), colours: new Uint32Array(10) };
    indexed.colours[4] = 0x008000;
    expect(classesByColour(indexed, palettes.voc, "a.png")).toEqual(Int32Array.of(2, 2, 0));
    const grey = { ...size, values: Uint8Array.of(128, 0, 128) };
    expect(classesByColour(grey, palettes.camvid, "a.png")).toEqual(Int32Array.of(0, -1, 0));
  });

  it("that are unknown are named with file, number of pixels, and the line that leaves them out", () => {
    const rgb = fromRgb(size, [1, 2, 3, 1, 2, 3, 9, 9, 8], 3);
    expect(() => classesByColour(rgb, palettes.voc, "a.png")).toThrow(
      /^a\.png: the colour \(1, 2, 3\) of 2 pixels is not in the palette voc, and 1 more colours \(1 pixels\) .*a line "ignore 1 2 3" leaves/,
    );
  });
});
