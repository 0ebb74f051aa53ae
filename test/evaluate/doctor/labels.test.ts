/** The doctor's look at labels: the tally against counting by hand, and what is said of it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countLabelMap } from "../../../src/data/index.js";
import { addToTally, type LabelTally, labelFindings } from "../../../src/evaluate/doctor/labels.js";

function tallyOf(maps: readonly (readonly number[])[], declared?: number): LabelTally {
  const empty: LabelTally = { ...countLabelMap(new Int32Array()), images: [], declared };
  return maps.reduce((tally, map) => addToTally(tally, Int32Array.from(map)), empty);
}

const said = (tally: LabelTally, modelClasses?: number) =>
  labelFindings(tally, modelClasses).map(({ status, name, detail }) => `${status} ${name}: ${detail}`);

describe("the tally", () => {
  const map = fc.array(fc.integer({ min: -1, max: 6 }), { minLength: 1, maxLength: 12 });

  it("counts the pixels and the images of each label", () => {
    fc.assert(
      fc.property(fc.array(map, { minLength: 1, maxLength: 6 }), (maps) => {
        const tally = tallyOf(maps);
        for (let label = 0; label <= 6; label++) {
          const pixels = maps.flat().filter((value) => value === label).length;
          expect(tally.classes[label] ?? 0).toBe(pixels);
          expect(tally.images[label] ?? 0).toBe(maps.filter((values) => values.includes(label)).length);
        }
      }),
    );
  });

  it("does not depend on the order of the images", () => {
    fc.assert(
      fc.property(fc.array(map, { maxLength: 6 }), (maps) => {
        expect(tallyOf([...maps].reverse())).toEqual(tallyOf(maps));
      }),
    );
  });

  it("keeps the declared number of classes and does not change the tally it is given", () => {
    const before = tallyOf([[0, 1]], 5);
    const copy = structuredClone(before);
    expect(addToTally(before, Int32Array.of(1, 3)).declared).toBe(5);
    expect(before).toEqual(copy);
  });
});

describe("findings", () => {
  it("say nothing bad where every class occurs", () => {
    const findings = labelFindings(tallyOf([[0, 1, 2, -1]], 3), 3);
    expect(findings.map(({ topic, status }) => [topic, status])).toEqual([
      ["data", "pass"],
      ["data", "pass"],
    ]);
    expect(findings[0]!.detail).toMatch(/^25(\.0)? ?%/);
    expect(findings[1]!.detail).toBe("all in 0 to 2");
  });

  it("name a label one past the last class and how to count it", () => {
    const lines = said(tallyOf([[0, 1, 2, 2], [2]], 2));
    const failed = lines.filter((line) => line.startsWith("fail"));
    expect(failed).toHaveLength(1);
    expect(failed[0]).toContain("label 2 (");
    expect(failed[0]).toContain("in 2 images");
    expect(failed[0]).toContain("--ignore-label 2");
    expect(failed[0]).toContain("--classes 3 if it is a class");
  });

  it("advise another number of classes only for the label next to the last class", () => {
    const [line] = said(tallyOf([[0, 1, 9]], 2)).filter((text) => text.startsWith("fail"));
    expect(line).toContain("label 9 (");
    expect(line).not.toContain("--classes");
    expect(line).toContain("in 1 image)");
  });

  it.each([
    [1, "label 10 (", "is none of 2 classes; --ignore-label 10 if it must not count"],
    [3, "label 12 (", "are none of 2 classes; --ignore-label 10,11,12 if they must not count"],
    [4, "and 1 more label ", "--ignore-label 10,11,12,13"],
    [12, "and 9 more labels ", "--label-map FILE"],
  ])("name %i labels outside in one line, with what to do about all of them", (outside, named, remedy) => {
    const labels = [0, 1, ...Array.from({ length: outside }, (_, i) => 10 + i)];
    const failed = labelFindings(tallyOf([labels], 2), undefined).filter(({ status }) => status === "fail");
    expect(failed).toHaveLength(1);
    expect(failed[0]!.detail).toContain(named);
    expect(failed[0]!.detail).toContain(remedy);
  });

  it("list the absent classes below the highest label, and those alone", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1 }), (present) => {
        const warned = labelFindings(tallyOf([[...present, 4]], 5), undefined).filter(
          ({ name }) => name === "absent",
        );
        const absent = [0, 1, 2, 3, 4].filter((k) => k !== 4 && !present.includes(k));
        const expected = absent.length > 0 ? [`no pixel of class ${absent.join(", ")} in these images`] : [];
        expect(warned.map(({ detail }) => detail).join()).toBe(expected.join());
      }),
    );
  });

  it("compare the data's own number of classes with the model's", () => {
    const tally = tallyOf([[0, 1, 2]], 3);
    expect(said(tally, 4).at(-1)).toBe(
      "fail classes: the data has 3, the model 4; see --label-map, --classes and --output",
    );
    expect(said(tally, 3).join("\n")).not.toContain("the model");
  });

  it("take the model's number of classes where the data has none", () => {
    const tally = tallyOf([[0, 1, 2]]);
    expect(labelFindings(tally, 2).some(({ status }) => status === "fail")).toBe(true);
    expect(labelFindings(tally, 3).every(({ status }) => status === "pass")).toBe(true);
    expect(said(tally, 5)).toContain("warn absent: no pixel of class 3, 4 in these images");
    expect(labelFindings(tally, undefined).every(({ status }) => status === "pass")).toBe(true);
  });
});
