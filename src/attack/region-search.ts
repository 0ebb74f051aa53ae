/**
 * Region search: random search with textures that keeps or takes back every region of the image by itself. It needs no
 * gradient and sees classes alone. `square` judges the image by one number; the class map says more, so that one query
 * tries a change in dozens of regions.
 */
import { losses } from "../loss/index.js";
import type { ImageOracle } from "../oracle/index.js";
import { type Attack, type AttackSettings, type KeptPoint, lostLate } from "./attack.js";
import { type Corner, meet, stripes } from "./search/corners.js";
import { type Box, copySquares, drawSquares, withSquares } from "./search/squares.js";

/** A search takes many more queries than gradients take steps. */
const queriesPerStep = 10;

/**
 * Starts from vertical stripes of ±ε. A query draws a grid of regions and changes one square in each, then keeps the
 * squares in whose region no more pixels are right than before. A second query meets what was kept, since regions next
 * to one another may act together. Under ℓ2 the same points are scaled into the ball.
 */
export const regionSearch: Attack = {
  name: "region-search",
  losses: [losses.ce],
  usesGradients: false,
  passes: (steps) => queriesPerStep * steps + 1,
  async run(oracle, settings, random) {
    const queries = queriesPerStep * settings.steps;
    const search = new Search(oracle, settings);
    let now = await search.ask(stripes(oracle, random));
    while (search.asked < queries && search.kept.correct > 0) {
      const squares = drawSquares(oracle, search.asked / queries, random);
      const tried = await search.ask(withSquares(now.corner, oracle, squares, random));
      const changes = squares.map(({ region }) => changeIn(region, now, tried, oracle));
      if (changes.every((change) => change <= 0)) now = tried;
      else if (search.asked < queries && changes.some((change) => change < 0)) {
        const good = squares.filter((_, i) => changes[i]! <= 0);
        const merged = await search.ask(copySquares(tried.corner, now.corner, oracle, good));
        now = [merged, tried].reduce((best, state) => (state.correct < best.correct ? state : best), now);
      }
    }
    return search.result(queries);
  },
};

/** A corner and the class map there. */
interface State {
  readonly corner: Corner;
  readonly point: Float32Array;
  readonly classes: ArrayLike<number>;
  readonly correct: number;
}

/** Asks for class maps, counts the queries, and keeps the point with the fewest right pixels, the first of equals. */
class Search {
  readonly #oracle: ImageOracle;
  readonly #settings: AttackSettings;
  readonly #history: number[] = [];
  #kept: { point: Float32Array; correct: number; query: number } | undefined;

  constructor(oracle: ImageOracle, settings: AttackSettings) {
    this.#oracle = oracle;
    this.#settings = settings;
  }

  /** Queries so far, without that of the start. */
  get asked(): number {
    return this.#history.length - 1;
  }

  get kept() {
    return this.#kept!;
  }

  async ask(corner: Corner): Promise<State> {
    const state = { corner, ...(await meet(this.#oracle, corner, this.#settings)) };
    const { point, correct } = state;
    if (!this.#kept || correct < this.#kept.correct)
      this.#kept = { point, correct, query: this.#history.length };
    this.#history.push(this.#kept.correct);
    return state;
  }

  result(queries: number): KeptPoint {
    const { point, query } = this.kept;
    return { point, step: Math.ceil(query / queriesPerStep), late: lostLate(this.#history, queries) };
  }
}

/** By how many the right pixels of a region grow. */
function changeIn(
  { top, left, bottom, right }: Box,
  before: State,
  after: State,
  { labels, width }: ImageOracle,
): number {
  let change = 0;
  for (let y = top; y < bottom; y++) {
    for (let at = y * width + left; at < y * width + right; at++) {
      change += Number(after.classes[at] === labels[at]) - Number(before.classes[at] === labels[at]);
    }
  }
  return change;
}
