/** Mutations after which a small file asks for much: values, rounds, levels, nodes. */
import { create } from "@bufbuild/protobuf";
import {
  FunctionProtoSchema,
  OperatorSetIdProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { boolTensor, elementTypes, graphIn, graphOf, insertAfter, int64Tensor, nodeOf } from "./parts.mjs";

const amounts = [
  0n,
  1n,
  2n,
  3n,
  64n,
  5000n,
  100_000n,
  10n ** 6n,
  10n ** 9n,
  2n ** 31n,
  10n ** 12n,
  2n ** 62n,
  -1n,
  -5n,
];
/** The engine takes long for thousands of nodes, as many rounds become: time grows with the square of their number. */
const rounds = [0n, 1n, 2n, 3n, 64n, 300n, 10n ** 6n, 10n ** 12n, 2n ** 62n, -1n, -5n];
const depths = [2, 30, 90, 101, 400];

/** Nodes that make more of a value, with the numbers that decide how much: [operator, numbers, inputs before, attributes]. */
const growing = {
  Expand: (chance) => four(chance),
  Tile: (chance) => four(chance),
  Pad: (chance) => [...four(chance), ...four(chance)],
  Reshape: (chance) => four(chance),
  Resize: (chance) => four(chance),
};
const four = (chance) => [1n, 1n, 1n, 1n].map((one) => (chance.is(0.5) ? chance.of(amounts) : one));

function grown(chance, from, to) {
  const op = chance.of(Object.keys(growing));
  const sizes = int64Tensor(`${to}/sizes`, growing[op](chance));
  const inputs = op === "Resize" ? [from, "", "", sizes.name] : [from, sizes.name];
  return { nodes: [nodeOf(op, inputs, [to])], initializers: [sizes] };
}

/** A constant that is made of a size, reduced to a number and added to the value. */
function constantAdded(chance, from, to) {
  const size = int64Tensor(
    `${to}/size`,
    chance.is(0.5) ? [chance.of(amounts)] : [chance.of(amounts), chance.of(amounts)],
  );
  const [zero, limit, step] = [0n, chance.of(amounts), chance.of([1n, -1n, 0n, 1000n])].map((n, i) =>
    int64Tensor(`${to}/range${i}`, [n], []),
  );
  const made = chance.is(0.5)
    ? nodeOf("ConstantOfShape", [size.name], [`${to}/made`])
    : nodeOf("Range", [zero.name, limit.name, step.name], [`${to}/made`]);
  const float = nodeOf("Cast", [`${to}/made`], [`${to}/float`], { to: 1n });
  const sum = nodeOf("ReduceMax", [`${to}/float`], [`${to}/sum`], { keepdims: 0n });
  return {
    nodes: [made, float, sum, nodeOf("Add", [from, `${to}/sum`], [to])],
    initializers: [size, zero, limit, step],
  };
}

/** A loop whose body does little; its number of rounds and its condition may not be constant. */
function looped(chance, from, to) {
  const count = int64Tensor(`${to}/rounds`, [chance.of(rounds)], []);
  const go = boolTensor(`${to}/go`, chance.is(0.8));
  const body = graphOf(
    "body",
    [
      nodeOf("Identity", [`${to}/keep`], [`${to}/on`]),
      nodeOf(chance.of(["Relu", "Exp", "Identity"]), [`${to}/state`], [`${to}/next`]),
    ],
    [`${to}/on`, `${to}/next`, ...(chance.is(0.3) ? [`${to}/next`] : [])],
    [`${to}/round`, `${to}/keep`, `${to}/state`],
  );
  for (const [i, type] of [elementTypes.INT64, elementTypes.BOOL, elementTypes.FLOAT].entries())
    body.input[i].type = typeOf(type);
  const inputs = [chance.is(0.8) ? count.name : "", chance.is(0.8) ? go.name : "", from];
  const outputs = body.output.slice(1).map((_, i) => (i === 0 ? to : `${to}/scan`));
  return { nodes: [nodeOf("Loop", inputs, outputs, { body })], initializers: [count, go] };
}

function typeOf(elemType) {
  return create(TypeProtoSchema, {
    value: { case: "tensorType", value: create(TypeProto_TensorSchema, { elemType }) },
  });
}

/** Branches within branches. */
function nested(chance, from, to) {
  const go = boolTensor(`${to}/go`, chance.is(0.5));
  let node = nodeOf("Relu", [from], [`${to}/0`]);
  const depth = chance.of(depths);
  for (let level = 1; level <= depth; level++) {
    const branch = graphOf(`level${level}`, [node], [...node.output]);
    const other = graphOf("other", [nodeOf("Neg", [from], [`${to}/else${level}`])], [`${to}/else${level}`]);
    node = nodeOf("If", [go.name], [`${to}/${level}`], { then_branch: branch, else_branch: other });
  }
  return { nodes: [node, nodeOf("Identity", node.output, [to])], initializers: [go] };
}

function chained(chance, from, to) {
  const length = chance.of([10, 300, 1500, 30_000]);
  const op = chance.of(["Relu", "Neg", "Exp", "Identity", "Softmax"]);
  const name = (i) => (i === 0 ? from : i === length ? to : `${to}/${i}`);
  return { nodes: Array.from({ length }, (_, i) => nodeOf(op, [name(i)], [name(i + 1)])) };
}

/** Each step concatenates the value with itself. */
function doubled(chance, from, to) {
  const length = chance.of([2, 10, 40]);
  const name = (i) => (i === 0 ? from : i === length ? to : `${to}/${i}`);
  return {
    nodes: Array.from({ length }, (_, i) =>
      nodeOf("Concat", [name(i), name(i)], [name(i + 1)], { axis: 2n }),
    ),
  };
}

/** A tower of functions, each of which calls the next one twice, or itself. */
function called(model, chance, from, to) {
  const count = chance.of([1, 2, 20, 60]);
  const domain = "local";
  const opsetImport = ["", domain].map((own) =>
    create(OperatorSetIdProtoSchema, { domain: own, version: own === "" ? 18n : 1n }),
  );
  for (let i = 0; i < count; i++) {
    const next = i + 1 < count ? `f${i + 1}` : chance.is(0.3) ? "f0" : "Relu";
    const inner = next === "Relu" ? "" : domain;
    const node = [nodeOf(next, ["a"], ["b"], {}, inner), nodeOf(next, ["b"], ["c"], {}, inner)];
    model.functions.push(
      create(FunctionProtoSchema, { name: `f${i}`, domain, input: ["a"], output: ["c"], node, opsetImport }),
    );
  }
  if (!model.opsetImport.some((opset) => opset.domain === domain)) model.opsetImport.push(opsetImport[1]);
  return { nodes: [nodeOf("f0", [from], [to], {}, domain)] };
}

const inserted = (write) => (model, chance) =>
  insertAfter(graphIn(model, chance), chance, (from, to) => write(chance, from, to));

export const growth = {
  "a value that grows": inserted(grown),
  "a constant that grows": inserted(constantAdded),
  "a loop": inserted(looped),
  "branches within branches": inserted(nested),
  "a long chain": inserted(chained),
  "a value joined with itself again and again": inserted(doubled),
  "functions that call functions": (model, chance) =>
    insertAfter(model.graph, chance, (from, to) => called(model, chance, from, to)),
  "many outputs": (model, chance) => {
    const made = chance.of(model.graph.node)?.output[0];
    if (made)
      model.graph.output.push(
        ...Array.from({ length: 500 }, () => create(ValueInfoProtoSchema, { name: made })),
      );
  },
  "many initializers": (model) => {
    for (let i = 0; i < 5000; i++) model.graph.initializer.push(int64Tensor(`unread${i}`, [1n]));
  },
};
