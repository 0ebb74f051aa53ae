/** Rules of the composite operators that losses contain before differentiation. */
import { int64 } from "../../base/index.js";
import type { Rules } from "../fragments/rule.js";

export const composite: Rules = {
  /** Inputs: base N×K×P; labels N×1×P; update N×1×P, which is added in the label's channel. */
  AddAtLabel: {
    gradient({ inputs, needs }, [g], build) {
      const label = () => build.max(inputs[1]!, build.constant(int64([], [0])));
      return [g, undefined, needs(2) ? build.op("GatherElements", [g!, label()], { axis: 1 }) : undefined];
    },
  },
};
