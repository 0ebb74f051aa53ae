/** Boundaries, objects and sums over images against slow references that follow the definitions. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearBoundary } from "../../src/metric/boundary.js";
import { countDetails, countPixels, sumDetails } from "../../src/metric/index.js";
import { countObjects, objectSizes } from "../../src/metric/objects.js";

interface Maps {
  readonly height: number;
  readonly width: number;
  readonly labels: readonly number[];
  readonly prediction: readonly number[];
}

/** Maps of blocks, so that regions have an inside. Every pixel has the label of its block. */
const maps: fc.Arbitrary<Maps> = fc
  .record({
    height: fc.integer({ min: 1, max: 18 }),
    width: fc.integer({ min: 1, max: 18 }),
    block: fc.integer({ min: 1, max: 6 }),
    seed: fc.infiniteStream(fc.integer({ min: -1, max: 2 })).map((stream) => [...stream.take(324)]),
    guesses: fc.infiniteStream(fc.integer({ min: 0, max: 2 })).map((stream) => [...stream.take(324)]),
  })
  .map(({ height, width, block, seed, guesses }) => {
    const places = Array.from({ length: height * width }, (_, i) => i);
    const blockOf = (i: number) =>
      18 * Math.floor(Math.floor(i / width) / block) + Math.floor((i % width) / block);
    return {
      height,
      width,
      labels: places.map((i) => seed[blockOf(i)]!),
      prediction: places.map((i) => guesses[i]!),
    };
  });

/** Pixels of the map within `reach` rows and columns of pixel i. */
function around({ height, width }: Pick<Maps, "height" | "width">, i: number, reach: number): number[] {
  const [row, column] = [Math.floor(i / width), i % width];
  return Array.from({ length: height * width }, (_, other) => other).filter(
    (other) =>
      Math.abs(Math.floor(other / width) - row) <= reach && Math.abs((other % width) - column) <= reach,
  );
}

/** The up to four neighbours of pixel i. */
function neighbours(size: Pick<Maps, "height" | "width">, i: number): number[] {
  const [row, column] = [Math.floor(i / size.width), i % size.width];
  return around(size, i, 1).filter((other) => {
    const distance = Math.abs(Math.floor(other / size.width) - row) + Math.abs((other % size.width) - column);
    return distance === 1;
  });
}

describe("nearBoundary", () => {
  it("marks the pixels within one row and column of a change of label, in small maps", () => {
    fc.assert(
      fc.property(maps, (map) => {
        const edge = map.labels.map((label, i) => neighbours(map, i).some((j) => map.labels[j] !== label));
        const expected = edge.map((_, i) => (around(map, i, 1).some((j) => edge[j]) ? 1 : 0));
        expect([...nearBoundary(map.labels, map)]).toEqual(expected);
      }),
    );
  });

  it.each([
    [100, 1],
    [299, 1],
    [301, 2],
    [499, 2],
    [501, 3],
    [1000, 5],
  ])(
    "reaches 0.5 %% of the diagonal: %d pixels in a row have a boundary of %d on each side, and its edge pixel",
    (length, reach) => {
      const labels = Array.from({ length }, (_, i) => (i < length / 2 ? 0 : 1));
      const near = nearBoundary(labels, { height: 1, width: length });
      // The edge has one pixel on each side, and each reaches `reach` further.
      expect(near.reduce((sum, mark) => sum + mark, 0)).toBe(2 * (reach + 1));
      expect(near.indexOf(1)).toBe(Math.ceil(length / 2) - 1 - reach);
    },
  );

  it("does not connect the end of a row with the start of the next", () => {
    // Column 0 is another class than columns 1 to 7: column 7 is not near the boundary.
    const labels = Array.from({ length: 4 * 8 }, (_, i) => (i % 8 === 0 ? 1 : 0));
    const near = nearBoundary(labels, { height: 4, width: 8 });
    for (const row of [0, 1, 2, 3])
      expect([...near.slice(8 * row, 8 * row + 8)]).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
  });

  it("is empty for a map of one label, and for a map that is ignored everywhere", () => {
    for (const label of [0, -1])
      expect([...nearBoundary(Array(30).fill(label), { height: 5, width: 6 })]).toEqual(Array(30).fill(0));
  });

  it("does not depend on which label is on which side", () => {
    fc.assert(
      fc.property(maps, (map) => {
        const renamed = map.labels.map((label) => [7, -1, 0, 3][label + 1]!);
        expect(nearBoundary(renamed, map)).toEqual(nearBoundary(map.labels, map));
      }),
    );
  });
});

/** Objects by repeated merging: each pixel takes the smallest index among its equal neighbours until none changes. */
function componentsOf(map: Maps): number[] {
  const owner = map.labels.map((_, i) => i);
  for (let changed = true; changed; ) {
    changed = false;
    owner.forEach((_, i) => {
      for (const j of neighbours(map, i)) {
        if (map.labels[j] !== map.labels[i] || owner[j]! >= owner[i]!) continue;
        owner[i] = owner[j]!;
        changed = true;
      }
    });
  }
  return owner;
}

describe("countObjects", () => {
  it("agrees with merging neighbours, each object under its label and size", () => {
    fc.assert(
      fc.property(maps, (map) => {
        const owner = componentsOf(map);
        const sums = new Map<string, [number, number]>();
        for (const root of new Set(owner)) {
          const label = map.labels[root]!;
          if (label === -1) continue;
          const pixels = owner.flatMap((one, i) => (one === root ? [i] : []));
          // At most 18·18 pixels: all objects are small.
          const [hits, area] = sums.get(`${label}`) ?? [0, 0];
          const found = pixels.filter((i) => map.prediction[i] === label).length;
          sums.set(`${label}`, [hits + found, area + pixels.length]);
        }
        const expected = [...sums]
          .sort(([a], [b]) => Number(a) - Number(b))
          .flatMap(([label, [hits, area]]) => [Number(label), 0, hits, area]);
        expect(countObjects(map.prediction, map.labels, map)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    [32 * 32, "small"],
    [32 * 32 + 1, "medium"],
    [96 * 96, "medium"],
    [96 * 96 + 1, "large"],
  ])("calls an object of %d pixels %s, as COCO does", (area, size) => {
    const labels = new Int32Array(area).fill(2);
    expect(countObjects(labels, labels, { height: 1, width: area })).toEqual([
      2,
      objectSizes.indexOf(size as "small"),
      area,
      area,
    ]);
  });

  it("takes two regions of one label that touch at a corner for two objects", () => {
    // A diagonal pair of squares of 30×30: 1800 pixels together would be medium, apart both are small.
    const side = 60;
    const labels = Array.from({ length: side * side }, (_, i) =>
      Math.floor(i / side) < 30 === i % side < 30 ? 1 : -1,
    );
    const objects = countObjects(
      labels.map(() => 1),
      labels,
      { height: side, width: side },
    );
    expect(objects).toEqual([1, 0, 1800, 1800]);
  });

  it("does not connect the end of a row with the start of the next", () => {
    // Stripes along the borders: 600 rows with label 1 in the first and the last column.
    const [height, width] = [600, 5];
    const labels = Array.from({ length: height * width }, (_, i) =>
      i % width === 0 || i % width === 4 ? 1 : 0,
    );
    const objects = countObjects(labels, labels, { height, width });
    expect(objects).toEqual([0, 1, 1800, 1800, 1, 0, 1200, 1200]);
  });

  it("copes with an object as winding as a map allows", () => {
    const [height, width] = [401, 400];
    const labels = Array.from({ length: height * width }, (_, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      return row % 2 === 0 || column === (row % 4 === 1 ? width - 1 : 0) ? 1 : 0;
    });
    const area = labels.filter((label) => label === 1).length;
    const objects = countObjects(labels, labels, { height, width });
    expect(objects.slice(-4)).toEqual([1, 2, area, area]);
  });
});

describe("sumDetails", () => {
  const images = fc.array(maps, { minLength: 1, maxLength: 4 });
  const detailed = (list: readonly Maps[]) =>
    list.map((map) => ({
      counts: countPixels(map.prediction, map.labels, 3),
      details: countDetails(map.prediction, map.labels, map),
    }));

  it("does not depend on the order of images, and adds to the whole", () => {
    fc.assert(
      fc.property(images, (list) => {
        const sums = sumDetails(detailed(list), 3);
        const reversed = sumDetails(detailed([...list].reverse()), 3);
        expect(reversed.confusion).toEqual(sums.confusion);
        expect(reversed.boundary).toEqual(sums.boundary);
        expect(reversed.interior).toEqual(sums.interior);
        const hits = detailed(list).reduce((sum, { counts }) => sum + counts.correct, 0);
        const all = ({ intersection }: { intersection: readonly number[] }) =>
          intersection.reduce((sum, n) => sum + n, 0);
        expect(all(sums.boundary) + all(sums.interior)).toBe(hits);
        expect(sums.sizes.reduce((sum, size) => sum + all(size), 0)).toBe(hits);
      }),
      { numRuns: 60 },
    );
  });

  it("distributes the false positives of a class only where the image has an object of it", () => {
    // Image 1: class 1 is labelled; image 2: class 1 is only predicted, so its false positives belong to no object.
    const one = { height: 1, width: 4, labels: [1, 1, 0, 0], prediction: [1, 0, 1, 0] };
    const other = { height: 1, width: 2, labels: [0, 0], prediction: [1, 1] };
    const { sizes } = sumDetails(detailed([one, other]), 3);
    expect(sizes[0]!.intersection[1]).toBe(1);
    expect(sizes[0]!.union[1]).toBe(2 + 1);
  });

  it("lists confusions by pixels, then by label and predicted class", () => {
    const map = {
      height: 1,
      width: 7,
      labels: [0, 0, 1, 1, 2, 2, 2],
      prediction: [1, 2, 0, 0, 0, 0, 1],
    };
    const { confusion } = sumDetails(detailed([map]), 3);
    expect(confusion.map(({ label, predicted, pixels }) => [label, predicted, pixels])).toEqual([
      [1, 0, 2],
      [2, 0, 2],
      [0, 1, 1],
      [0, 2, 1],
      [2, 1, 1],
    ]);
  });
});
