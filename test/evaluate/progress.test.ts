/** Progress of a run: the count of passes over whole runs of random shape. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Progress, type ProgressEvent } from "../../src/evaluate/progress.js";

/** Records that are made one after another, each with its planned passes and those it took. */
const run = fc.array(
  fc
    .integer({ min: 1, max: 9 })
    .chain((planned) => fc.integer({ min: 0, max: planned }).map((taken) => ({ planned, taken }))),
  { minLength: 1, maxLength: 12 },
);

it("never falls, never passes the total, moves with every pass, and ends at the total", () => {
  fc.assert(
    fc.property(run, (records) => {
      const total = records.reduce((sum, { planned }) => sum + planned, 0);
      const events: ProgressEvent[] = [];
      const progress = new Progress(total, (event) => events.push(event));
      let settled = 0;
      for (const { planned, taken } of records) {
        for (let pass = 1; pass <= taken; pass++) {
          progress.passed();
          expect(events.at(-1)!.done).toBe(settled + pass);
        }
        progress.recorded(planned);
        settled += planned;
        expect(events.at(-1)!.done).toBe(settled);
      }
      expect(events.at(-1)!.done).toBe(total);
      expect(events.every((event, i) => i === 0 || event.done >= events[i - 1]!.done)).toBe(true);
      expect(events.every((event) => event.total === total)).toBe(true);
    }),
  );
});

it("stays in range when images are attacked side by side and take more than was planned", () => {
  const steps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5 })), { maxLength: 40 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (planned, total) => {
      const progress = new Progress(total, ({ done }) => {
        expect(done).toBeGreaterThanOrEqual(0);
        expect(done).toBeLessThanOrEqual(total);
      });
      for (const passes of planned) passes === 0 ? progress.passed() : progress.recorded(passes);
    }),
  );
});

it("names the attack and the radius that began last", () => {
  const events: ProgressEvent[] = [];
  const progress = new Progress(10, (event) => events.push(event));
  progress.began("noise", "4/255");
  expect(events).toEqual([]);
  progress.passed();
  progress.began("square", "8/255");
  progress.passed();
  expect(events.map(({ attack, eps }) => `${attack}@${eps}`)).toEqual(["noise@4/255", "square@8/255"]);
});
