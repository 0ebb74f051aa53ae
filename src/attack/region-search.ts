/**
 * Region search: random search with textures that keeps or takes back every region of the image by itself. It needs no
 * gradient and sees classes alone. `square` judges the image by one number; the class map says more, so that one query
 * tries a change in dozens of regions.
 */
import { invariant, type RandomStream } from "../base/index.js";
import { losses } from "../loss/index.js";
import type { ImageOracle } from "../oracle/index.js";
import { type Attack, type AttackSettings, type KeptPoint, lostLate, requireLinf } from "./attack.js";
import { meet, type Offsets, offsetsOf, stripes } from "./search/corners.js";
import { type Box, copySquares, drawSquares, withSquares } from "./search/squares.js";

/** A search takes many more queries than gradients take steps. */
const queriesPerStep = 10;

const blindSearch = {
  losses: [losses.ce],
  usesGradients: false as const,
  passes: (steps: number) => queriesPerStep * steps + 1,
};

/** Starts from vertical stripes of ±ε. Under ℓ2 the same points are scaled into the ball. */
export const regionSearch: Attack = {
  name: "region-search",
  ...blindSearch,
  run: (oracle, settings, random) => searchFrom(stripes(oracle, random), oracle, settings, random),
};

/** Starts from the best point that attacks by a surrogate's gradient have kept. */
export const transferSearch: Attack = {
  name: "transfer-search",
  ...blindSearch,
  continues: true,
  async run(oracle, settings, random, earlier) {
    requireLinf(transferSearch, settings);
    invariant(earlier, "transfer-search goes on from transferred attacks, and was given no point of theirs");
    return searchFrom(offsetsOf(earlier.best, oracle, settings.radius), oracle, settings, random);
  },
};

/**
 * A query draws a grid of regions and changes one square in each, then keeps the squares in whose region no more pixels
 * are right than before. A second query meets what was kept, since regions next to one another may act together.
 */
async function searchFrom(
  start: Offsets,
  oracle: ImageOracle,
  settings: AttackSettings,
  random: RandomStream,
): Promise<KeptPoint> {
  const queries = queriesPerStep * settings.steps;
  const search = new Search(oracle, settings);
  let now = await search.ask(start);
  while (search.asked < queries && search.kept.correct > 0) {
    const squares = drawSquares(oracle, search.asked / queries, random);
    const tried = await search.ask(withSquares(now.offsets, oracle, squares, random));
    const changes = squares.map(({ region }) => changeIn(region, now, tried, oracle));
    if (changes.every((change) => change <= 0)) now = tried;
    else if (search.asked < queries && changes.some((change) => change < 0)) {
      const good = squares.filter((_, i) => changes[i]! <= 0);
      const merged = await search.ask(copySquares(tried.offsets, now.offsets, oracle, good));
      now = [merged, tried].reduce((best, state) => (state.correct < best.correct ? state : best), now);
    }
  }
  return search.result(queries);
}

/** Offsets from the image, the point there, and its class map. */
interface State {
  readonly offsets: Offsets;
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

  async ask(offsets: Offsets): Promise<State> {
    const state = { offsets, ...(await meet(this.#oracle, offsets, this.#settings)) };
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
