/** Attention: the standard operator of opset 23 and 24, and the two of ONNX Runtime's own domain. */
import { attribute } from "../graph/attributes.js";
import type { Value } from "../graph/graph.js";
import { addUp, type Expansion, type ExpansionContext, lengthOf, notExpanded, rankOf } from "./expansion.js";

/** How scores become weights. */
interface Weighting {
  /** Factor of the scores. */
  readonly scale: Value;
  /** Limit c of the scores, c·tanh(score / c); 0: none. */
  readonly softcap: number;
  /** Added to the scores, in order. */
  readonly biases: readonly (Value | undefined)[];
  /** How many keys the first query reads (int64, [1]); each later query reads one more. Undefined: all. */
  readonly visible: Value | undefined;
  /** What a masked score gets. */
  readonly masked: number;
}

/**
 * Scaled dot-product attention over heads.
 * @param query N×H×S×D
 * @param key N×H×T×D
 * @param value N×H×T×V
 * @returns N×H×S×V
 */
function attend(
  context: ExpansionContext,
  query: Value,
  key: Value,
  value: Value,
  weighting: Weighting,
): Value {
  const { build, scalar } = context;
  const raw = build.mul(build.matmul(query, build.transpose(key, [0, 1, 3, 2])), weighting.scale);
  const { softcap } = weighting;
  const capped =
    softcap === 0
      ? raw
      : build.mul(build.op("Tanh", [build.div(raw, scalar(softcap, raw))]), scalar(softcap, raw));
  const future = weighting.visible && futureMask(context, query, key, weighting.visible, weighting.masked);
  const scores = addUp(build, capped, ...weighting.biases, future);
  return build.matmul(build.op("Softmax", [scores], { axis: -1 }), value);
}

/** S×T: `masked` where the key comes after the query, 0 elsewhere. */
function futureMask(
  { build, scalar }: ExpansionContext,
  query: Value,
  key: Value,
  visible: Value,
  masked: number,
): Value {
  const shape = build.concat([lengthOf(build, query, 2), lengthOf(build, key, 2)], 0);
  const filled = build.op("Expand", [scalar(masked, query), shape]);
  return build.op("Trilu", [filled, build.reshape(visible, [])], { upper: 1 });
}

/** N×S×(H·D) → N×H×S×D. */
function splitHeads({ build }: ExpansionContext, value: Value, heads: number): Value {
  const split = build.op("Reshape", [value, build.ints([0, 0, heads, -1])]);
  return build.transpose(split, [0, 2, 1, 3]);
}

/** N×H×S×D → N×S×(H·D). */
function joinHeads({ build }: ExpansionContext, value: Value): Value {
  return build.op("Reshape", [build.transpose(value, [0, 2, 1, 3]), build.ints([0, 0, -1])]);
}

/** The factor of the scores: `given`, or 1/√D of N×H×S×D where that is 0. */
function scaleOf({ build, scalar, facts }: ExpansionContext, query: Value, given: number): Value {
  if (given !== 0) return scalar(given, query);
  const width = build.cast(lengthOf(build, query, 3), facts.of(query).type ?? "float32");
  return build.op("Reciprocal", [build.sqrt(width)]);
}

/** N×1×1×T: 0 where a key counts (1), `masked` where it does not (0). */
function keyPadding(
  { build, scalar, facts }: ExpansionContext,
  mask: Value,
  like: Value,
  masked: number,
): Value {
  const counts = build.cast(mask, facts.of(like).type ?? "float32");
  const missing = build.mul(build.sub(scalar(1, like), counts), scalar(masked, like));
  return build.op("Unsqueeze", [missing, build.ints([1, 2])]);
}

/** The standard operator: 3-D or 4-D inputs, boolean or float mask, causal, grouped queries, softcap, past keys. */
const attention: Expansion = (context) => {
  const { build, node, required, optional, facts } = context;
  if (optional(6) !== undefined) throw notExpanded(node, "it reads key lengths (nonpad_kv_seqlen)");
  const queryHeads = attribute.int(node, "q_num_heads", 0);
  const keyHeads = attribute.int(node, "kv_num_heads", queryHeads);
  const flat = (facts.of(required(0)).rank ?? (queryHeads > 0 ? 3 : 4)) === 3;
  const heads = (i: number, count: number) => (flat ? splitHeads(context, required(i), count) : required(i));
  const query = heads(0, queryHeads);
  const [keys, values] = [1, 2].map((i) => {
    const past = optional(i + 3);
    const now = heads(i, keyHeads);
    return past === undefined ? now : build.concat([past, now], 2);
  }) as [Value, Value];
  const same = flat && keyHeads === queryHeads;
  const spread = (value: Value) => (same ? value : repeatHeads(context, value, query));
  const result = attend(context, query, spread(keys), spread(values), {
    scale: scaleOf(context, query, attribute.float(node, "scale", 0)),
    softcap: attribute.float(node, "softcap", 0),
    biases: [standardMask(context, query, keys)],
    visible: attribute.int(node, "is_causal", 0) === 1 ? keysBefore(context, optional(4)) : undefined,
    masked: Number.NEGATIVE_INFINITY,
  });
  return [flat ? joinHeads(context, result) : result, keys, values];
};

/** With `is_causal`, the first query reads the keys of earlier runs (N×H×P×D) and its own. */
function keysBefore({ build }: ExpansionContext, past: Value | undefined): Value {
  const own = build.ints([1]);
  return past === undefined ? own : build.add(lengthOf(build, past, 2), own);
}

/** Grouped queries: each head of N×G×T×D stands for H/G query heads next to one another. */
function repeatHeads({ build }: ExpansionContext, value: Value, query: Value): Value {
  const one = build.ints([1]);
  const repeats = build.div(lengthOf(build, query, 1), lengthOf(build, value, 1));
  const wide = build.op("Expand", [
    build.op("Unsqueeze", [value, build.ints([2])]),
    build.concat([one, one, repeats, one, one], 0),
  ]);
  const [batch, queryHeads] = [lengthOf(build, value, 0), lengthOf(build, query, 1)];
  const rest = build.op("Shape", [value], { start: 2, end: 4 });
  return build.op("Reshape", [wide, build.concat([batch, queryHeads, rest], 0)]);
}

/** The mask as a term of the scores; keys beyond a shorter mask are masked. */
function standardMask(context: ExpansionContext, query: Value, keys: Value): Value | undefined {
  const { build, optional, facts, scalar } = context;
  const mask = optional(3);
  if (mask === undefined) return undefined;
  const far = scalar(Number.NEGATIVE_INFINITY, query);
  const term = facts.of(mask).type === "bool" ? build.where(mask, scalar(0, query), far) : mask;
  const given = build.op("Shape", [term], { start: -1 });
  const lacking = build.sub(lengthOf(build, keys, 2), given);
  const rank = rankOf(context, mask);
  const before = build.ints(Array.from({ length: 2 * rank - 1 }, () => 0));
  return build.op("Pad", [term, build.concat([before, lacking], 0), far]);
}

/** `com.microsoft.MultiHeadAttention` with separate query, key and value of three axes, or key and value by heads. */
const multiHeadAttention: Expansion = (context) => {
  const { build, node, required, optional } = context;
  const heads = attribute.int(node, "num_heads", 1);
  const [key, value] = [optional(1), optional(2)];
  if (key === undefined || value === undefined) throw notExpanded(node, "query, key and value are packed");
  // The engine's kernel lets the last query read more keys than the definition says where keys outnumber queries.
  if (attribute.int(node, "unidirectional", 0) === 1) throw notExpanded(node, "it is unidirectional");
  if (optional(6) !== undefined) throw notExpanded(node, "it keeps keys of earlier runs");
  const biases = biasParts(context, optional(3), [required(0), key, value]);
  const split = (input: Value, i: number) =>
    rankOf(context, input) === 4 ? input : splitHeads(context, addUp(build, input, biases[i]), heads);
  const [queries, keys, values] = [required(0), key, value].map(split) as [Value, Value, Value];
  const masked = attribute.float(node, "mask_filter_value", -10000);
  const padding = optional(4);
  const result = attend(context, queries, keys, values, {
    scale: scaleOf(context, queries, attribute.float(node, "scale", 0)),
    softcap: 0,
    biases: [padding && keyPadding(context, padding, queries, masked), optional(5)],
    visible: undefined,
    masked,
  });
  return [joinHeads(context, result)];
};

/** The parts of a bias that belong to query, key and value, each as long as the last axis of its input. */
function biasParts({ build }: ExpansionContext, bias: Value | undefined, inputs: readonly Value[]): Value[] {
  if (bias === undefined) return [];
  const lengths = inputs.map((input) => lengthOf(build, input, 2));
  return build.ops("Split", [bias, build.concat(lengths, 0)], 3, { axis: 0 });
}

/** `com.microsoft.Attention`: one product makes query, key and value; masks of two axes say which keys count. */
const packedAttention: Expansion = (context) => {
  const { build, node, required, optional } = context;
  if (optional(4) !== undefined) throw notExpanded(node, "it keeps keys of earlier runs");
  const mask = optional(3);
  if (mask !== undefined && rankOf(context, mask) !== 2)
    throw notExpanded(node, "its mask does not have the shape N×T");
  const heads = attribute.int(node, "num_heads", 1);
  const packed = addUp(build, build.matmul(required(0), required(1)), optional(2));
  const sizes = attribute.optionalInts(node, "qkv_hidden_sizes");
  const parts = sizes
    ? build.ops("Split", [packed, build.ints(sizes)], 3, { axis: -1 })
    : build.ops("Split", [packed], 3, { axis: -1, num_outputs: 3 });
  const [query, key, value] = parts.map((part) => splitHeads(context, part, heads)) as [Value, Value, Value];
  const masked = attribute.float(node, "mask_filter_value", -10000);
  const result = attend(context, query, key, value, {
    scale: scaleOf(context, query, attribute.float(node, "scale", 0)),
    softcap: 0,
    biases: [mask && keyPadding(context, mask, query, masked), optional(5)],
    visible: attribute.int(node, "unidirectional", 0) === 1 ? build.ints([1]) : undefined,
    masked,
  });
  return [joinHeads(context, result)];
};

/** Attention of the standard, since opset 23. */
export const standardAttention: Readonly<Record<string, Expansion>> = { Attention: attention };

export const attentions: Readonly<Record<string, Expansion>> = {
  Attention: packedAttention,
  MultiHeadAttention: multiHeadAttention,
};
