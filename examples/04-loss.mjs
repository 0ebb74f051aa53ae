// A loss of your own: give its value at each pixel, Seawall derives the gradient and attacks with it.
import { runEvaluation } from "seawall";

/** (1 − p)² · cross-entropy (Lin et al. 2017), which looks away from pixels that are sure; an attack raises it. */
const focal = {
  value: ({ build: b, ...pixel }) => b.mul(b.pow(b.sub(1, pixel.probability()), 2), pixel.crossEntropy()),
};

const result = await runEvaluation({
  model: "demo/model.onnx",
  ...{ data: "folder:demo/images", labels: "self", limit: 1, eps: "0.5/255", steps: 10 },
  attacks: "apgd:my:focal,noise",
  plugins: [{ name: "my", losses: { focal } }],
});
for (const { name, aAcc } of result.robust[0].attacks) console.log(`${name}: ${aAcc.toFixed(4)} is left`);
