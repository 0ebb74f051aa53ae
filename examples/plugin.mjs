// A plugin for the command line: seawall eval --plugin examples/plugin.mjs --attacks apgd:my:focal,my:quick …
export default {
  name: "my",
  losses: {
    focal: {
      value: ({ build: b, ...pixel }) => b.mul(b.pow(b.sub(1, pixel.probability()), 2), pixel.crossEntropy()),
    },
  },
  ensembles: {
    quick: { members: [{ attack: "apgd:mask-ce" }, { attack: "apgd:my:focal", steps: { share: 0.5 } }] },
  },
};
