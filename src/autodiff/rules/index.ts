/** Every gradient rule, by operator. */
import { compositeDomain } from "../../onnx/index.js";
import type { Rule, Rules } from "../fragments/rule.js";
import { activation } from "./activation.js";
import { composite } from "./composite.js";
import { convolution } from "./convolution.js";
import { elementwise } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { movement } from "./movement.js";
import { normalization } from "./normalization.js";
import { pooling } from "./pooling.js";
import { quantization } from "./quantization.js";
import { reduction } from "./reduction.js";
import { resize } from "./resize.js";

/** The rules by family, in the order the documentation prints them. */
export const families = {
  elementwise,
  activation,
  normalization,
  reduction,
  matmul,
  convolution,
  pooling,
  resize,
  movement,
  quantization,
} satisfies Record<string, Rules>;

/** The rules of standard operators. */
export const rules: Readonly<Record<string, Rule>> = Object.assign({}, ...Object.values(families));

/** Rules by domain, then by operator; the standard operators have the empty domain. */
export type RuleTable = Readonly<Record<string, Rules>>;

/** All gradient rules. */
export const ruleTable: RuleTable = {
  "": rules,
  [compositeDomain]: composite,
  /** ONNX Runtime's own quantisers differ from the standard ones in the types that they know. */
  "com.microsoft": quantization,
};
