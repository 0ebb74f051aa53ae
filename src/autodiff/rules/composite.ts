/** Rules of composite operators that a loss may write before it is differentiated. */
import { int64 } from "../../base/index.js";
import type { Rules } from "../fragments/rule.js";

export const composite: Rules = {
  /** Inputs: base N×K×P, labels N×1×P, update N×1×P, added in the label's channel. */
  AddAtLabel: {
    gradient({ inputs, needs }, [g], build) {
      const label = () => build.max(inputs[1]!, build.constant(int64([], [0])));
      return [g, undefined, needs(2) ? build.op("GatherElements", [g!, label()], { axis: 1 }) : undefined];
    },
  },
};
