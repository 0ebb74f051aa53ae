/** Passes against the worst case so far, from the traces of a run. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A point further out than this is none of the ball: the first stages of some attacks walk outside of it. */
const slack = 1e-6;

/**
 * Mean over the traced images of the lowest share of right pixels after each pass, the attacks one after the other.
 * @param {import("./runs.mjs").Run} run
 * @param {{ eps: string, radius: number }} at ε as written, and in [0, 1] image units
 * @returns {number[]} one entry a pass
 */
export function curveOf({ folder, attacks }, { eps, radius }) {
  const traces = readdirSync(join(folder, "traces"))
    .map((name) => JSON.parse(readFileSync(join(folder, "traces", name), "utf8")))
    .filter((trace) => trace.eps === eps);
  const images = [...new Set(traces.map(({ index }) => index))];
  const courses = images.map((index) => {
    const own = attacks.map((name) => traces.find((trace) => trace.index === index && trace.attack === name));
    return lowestSoFar(own.flatMap((trace) => pointsOf(trace, radius)));
  });
  const length = Math.max(...courses.map((course) => course.length));
  const at = (course, pass) => course[Math.min(pass, course.length - 1)];
  return Array.from(
    { length },
    (_, pass) => courses.reduce((sum, course) => sum + at(course, pass), 0) / courses.length,
  );
}

/** The share of right pixels of each pass; 1 where its point lies outside of the ball. */
function pointsOf({ valid, passes }, radius) {
  return passes.correct.map((correct, i) => (passes.radius[i] <= radius + slack ? correct / valid : 1));
}

function lowestSoFar(shares) {
  let lowest = 1;
  return shares.map((share) => {
    lowest = Math.min(lowest, share);
    return lowest;
  });
}
