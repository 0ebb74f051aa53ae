/** Is the gradient that the attacks follow the gradient of the model? */
import { randomStream } from "../../base/index.js";
import { losses } from "../../loss/index.js";
import {
  checkEstimate,
  checkGradient,
  describeCheck,
  excuseJump,
  type GradientVerdict,
  jumpOf,
  largestGradientError,
  lossOf,
} from "../../oracle/index.js";
import type { CheckOutcome, ModelCheck } from "./check.js";

/** A flat loss or an estimate is no error, but a warning: attacks may find no way by it. A jump says neither. */
const statuses: Readonly<Record<GradientVerdict, CheckOutcome["status"]>> = {
  agrees: "pass",
  differs: "fail",
  flat: "warn",
  jumps: "skip",
  estimate: "warn",
  zero: "fail",
  "not finite": "fail",
};

export const gradient: ModelCheck = {
  raisedIf: `along one of four directions, the slope predicted by the gradient of cross-entropy differs from finite differences by more than ${100 * largestGradientError} %, or the gradient is zero or not finite; it warns if the loss is too flat to be checked, and for a quantised model, whose gradient is an estimate`,
  means: "attacks follow a wrong direction, or none: the model may look more robust than it is",
  remedy:
    "if the model has only standard operators, report it; for a quantised or saturated model, compare with region-search, and with the float model's gradient (--surrogate)",
  async run({ model, sample, seed, engine }) {
    const { graph, image } = model.prepared;
    const smooth = await model.smooth?.();
    const oracles = [model, ...(smooth ? [smooth] : [])].map((each) =>
      each.oracle({ losses: [losses.ce], ...(engine?.threads && { threads: engine.threads }) }),
    );
    try {
      // Without a pixel that counts, the loss is 0 everywhere: any labels serve to check the gradient.
      const counts = sample.labels?.some((label) => label >= 0);
      const labels = counts ? sample.labels! : new Int32Array(sample.height * sample.width);
      const [loss, smoothLoss] = oracles.map((oracle) =>
        lossOf(oracle.image(sample.image.data, labels), losses.ce),
      );
      const random = randomStream(seed, sample.hash, "gradient check");
      const check = smoothLoss
        ? await checkEstimate(loss!, smoothLoss, sample.image.data, random)
        : excuseJump(await checkGradient(loss!, sample.image.data, random), jumpOf(graph, image));
      return { status: statuses[check.verdict], detail: describeCheck(check) };
    } finally {
      for (const oracle of oracles) await oracle.dispose();
    }
  },
};
