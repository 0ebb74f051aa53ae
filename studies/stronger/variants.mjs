/** A plugin with `surge` in parts: each ensemble lacks one thing that it has. */
import { stagedApgd } from "../../dist/internals.js";

const ends = 0.05;
const defaults = { first: [0.5, ends], last: [1, ends], wide: 1.5, setShare: 0.75, fresh: false };

/** The second attack of `surge`, and the third, as families that take a loss. */
function refining(name, changes) {
  const { first, last, wide, setShare, fresh } = { ...defaults, ...changes };
  const outside = [1, last[0] === last[1] ? last[1] : 1];
  const family = (part, stages, continues) => ({
    takes: "loss",
    help: `${part} of surge, with changes`,
    make: (loss) => stagedApgd(`ablation:${part}-${name}:${loss.name}`, stages(loss), { continues }),
  });
  return {
    [`sharpen-${name}`]: family("sharpen", (loss) => [{ loss, share: 1, temperature: first }], !fresh),
    [`reopen-${name}`]: family("reopen", (loss) => reopening(loss, { wide, setShare, outside, last }), true),
  };
}

function reopening(loss, { wide, setShare, outside, last }) {
  return [
    { loss, setShare, share: 1 / 4, radius: wide, temperature: outside },
    { loss, setShare, share: 3 / 4, temperature: last },
  ];
}

/** What each ensemble lacks, and how its attacks differ from those of `surge`. */
export const variants = {
  whole: { taken: "nothing" },
  warm: { taken: "temperature: it is 1 throughout", changes: { first: [1, 1], last: [1, 1] } },
  sharp: {
    taken: "its schedule: it is 1/20 throughout",
    changes: { first: [ends, ends], last: [ends, ends] },
  },
  fresh: { taken: "warm start: the second attack starts at random", changes: { fresh: true } },
  narrow: { taken: "wider radii: all steps at ε", changes: { wide: 1 }, schedule: "constant" },
  accuracy: { taken: "the set: the third attack is on `expected-accuracy`", third: "expected-accuracy" },
  price: { taken: "the accuracy in the third attack: β = 1", changes: { setShare: 1 } },
  half: { taken: "the mIoU's share in the third attack: β = ½", changes: { setShare: 0.5 } },
  rounds: { taken: "nothing, and its third attack makes two rounds of half the steps", rounds: 2 },
};

function membersOf(name, { schedule = "reduce", third = "expected-miou", rounds = 1 }) {
  const round = { attack: `ablation:reopen-${name}:${third}`, steps: { share: 2.05 / rounds } };
  return [
    { attack: "apgd:cospgd", steps: { share: 1 }, radiusSchedule: schedule },
    { attack: `ablation:sharpen-${name}:expected-accuracy`, steps: { share: 0.8 } },
    round,
    ...(rounds > 1 ? [{ ...round, attack: `ablation:reopen-again:${third}` }] : []),
  ];
}

const entries = Object.entries(variants);
export default {
  name: "ablation",
  attacks: Object.assign(
    refining("again", {}),
    ...entries.map(([name, { changes }]) => refining(name, changes)),
  ),
  ensembles: Object.fromEntries(
    entries.map(([name, variant]) => [name, { source: variant.taken, members: membersOf(name, variant) }]),
  ),
};
