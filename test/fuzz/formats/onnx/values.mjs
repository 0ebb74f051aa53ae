/** Mutations of numbers, types, shapes and texts. */
import { create } from "@bufbuild/protobuf";
import { TensorProto_SegmentSchema } from "onnx-buf";
import { floats, integers, texts } from "../../mutations/values.mjs";
import { elementTypes, graphIn, nodesIn, tensorsIn } from "./parts.mjs";

const types = [...Object.values(elementTypes).filter(Number.isInteger), -1, 99, 2 ** 31 - 1];

/** Attributes with a number or a list of them. */
const numberedAttributes = (model) =>
  nodesIn(model).flatMap(({ attribute }) => attribute.filter(({ type }) => [1, 2, 6, 7].includes(type)));

/** Dimensions of inputs, outputs and inner values. */
function dimensionsIn(model, chance) {
  const { input, output, valueInfo } = graphIn(model, chance);
  return [...input, ...output, ...valueInfo].flatMap(({ type }) => type?.value?.value?.shape?.dim ?? []);
}

function changeTensor(model, chance, wanted, change) {
  const tensor = chance.of(tensorsIn(model).filter(wanted));
  if (tensor) change(tensor);
}

const is =
  (...wanted) =>
  ({ dataType }) =>
    wanted.includes(dataType);

/** Bytes of the tensor's elements, of which a view of the right type is changed. */
function changeElements(tensor, list, View, value, chance) {
  if (tensor[list].length > 0) tensor[list][chance.below(tensor[list].length)] = value;
  const { BYTES_PER_ELEMENT: size } = View;
  if (tensor.rawData.length < size) return;
  const copy = new View(tensor.rawData.slice().buffer, 0, Math.floor(tensor.rawData.length / size));
  copy[chance.below(copy.length)] = value;
  tensor.rawData = new Uint8Array(copy.buffer);
}

export const values = {
  "a dimension": (model, chance) => {
    const dimension = chance.of(dimensionsIn(model, chance));
    if (!dimension) return;
    const text = chance.is(0.2);
    dimension.value = text
      ? { case: "dimParam", value: chance.of(texts) }
      : { case: "dimValue", value: chance.of(integers) };
  },
  "more or fewer dimensions": (model, chance) => {
    const { input, output } = model.graph;
    const dims = chance.of([...input, ...output])?.type?.value?.value?.shape?.dim;
    if (!dims) return;
    if (chance.is(0.5)) dims.pop();
    else for (let n = chance.of([1, 3, 1000]); n > 0; n--) dims.push(dims[0]);
  },
  "no shape or no type": (model, chance) => {
    const { input, output } = graphIn(model, chance);
    const info = chance.of([...input, ...output]);
    if (!info) return;
    if (chance.is(0.5) && info.type?.value?.value) info.type.value.value.shape = undefined;
    else info.type = undefined;
  },
  "another type of a value": (model, chance) => {
    const { input, output, valueInfo } = graphIn(model, chance);
    const tensor = chance.of([...input, ...output, ...valueInfo])?.type?.value?.value;
    if (tensor && "elemType" in tensor) tensor.elemType = chance.of(types);
  },
  "dimensions of a tensor": (model, chance) =>
    changeTensor(
      model,
      chance,
      () => true,
      (tensor) => {
        if (tensor.dims.length > 0 && chance.is(0.7))
          tensor.dims[chance.below(tensor.dims.length)] = chance.of(integers);
        else tensor.dims = Array.from({ length: chance.of([0, 1, 2, 4, 1000]) }, () => chance.of(integers));
      },
    ),
  "dimensions of a tensor in another order": (model, chance) =>
    changeTensor(
      model,
      chance,
      () => true,
      (tensor) => {
        tensor.dims = chance.shuffled(tensor.dims);
      },
    ),
  "another type of a tensor": (model, chance) =>
    changeTensor(
      model,
      chance,
      () => true,
      (tensor) => {
        tensor.dataType = chance.of(types);
      },
    ),
  "a tensor's data cut or grown": (model, chance) =>
    changeTensor(
      model,
      chance,
      () => true,
      (tensor) => {
        const length = chance.of([0, 1, tensor.rawData.length - 1, tensor.rawData.length + 4, 100_000]);
        tensor.rawData = Buffer.concat([tensor.rawData, Buffer.alloc(100_000)]).subarray(
          0,
          Math.max(0, length),
        );
      },
    ),
  "data in two places": (model, chance) =>
    changeTensor(
      model,
      chance,
      () => true,
      (tensor) => {
        tensor[chance.of(["floatData", "int32Data", "doubleData"])] = [1, 2, 3];
        if (chance.is(0.3)) tensor.segment = create(TensorProto_SegmentSchema, { end: chance.of(integers) });
      },
    ),
  "a weight that is no number or huge": (model, chance) =>
    changeTensor(model, chance, is(elementTypes.FLOAT), (tensor) => {
      changeElements(tensor, "floatData", Float32Array, chance.of(floats), chance);
    }),
  "a size": (model, chance) =>
    changeTensor(model, chance, is(elementTypes.INT64), (tensor) => {
      changeElements(tensor, "int64Data", BigInt64Array, chance.of(integers), chance);
    }),
  "all sizes": (model, chance) =>
    changeTensor(model, chance, is(elementTypes.INT64), (tensor) => {
      const size = chance.of(integers);
      for (let n = 0; n < 8; n++) changeElements(tensor, "int64Data", BigInt64Array, size, chance);
    }),
  "a number of an attribute": (model, chance) => {
    const attribute = chance.of(numberedAttributes(model));
    if (!attribute) return;
    attribute.i = chance.of(integers);
    attribute.f = chance.of(floats);
    if (attribute.ints.length > 0) attribute.ints[chance.below(attribute.ints.length)] = chance.of(integers);
    if (attribute.floats.length > 0)
      attribute.floats[chance.below(attribute.floats.length)] = chance.of(floats);
  },
  "a list of an attribute": (model, chance) => {
    const attribute = chance.of(numberedAttributes(model).filter(({ type }) => type > 2));
    if (attribute)
      attribute.ints = Array.from({ length: chance.of([0, 1, 3, 5, 100_000]) }, () => chance.of(integers));
  },
  "another type of an attribute": (model, chance) => {
    const attribute = chance.of(nodesIn(model).flatMap(({ attribute: held }) => held));
    if (attribute) attribute.type = chance.of([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 99]);
  },
  "a text": (model, chance) => {
    const text = chance.of(texts);
    const named = chance.of([
      ...nodesIn(model),
      ...model.graph.input,
      ...model.graph.output,
      ...model.graph.initializer,
      ...model.functions,
    ]);
    if (named) named.name = text;
    if (chance.is(0.3)) Object.assign(model, { producerName: text, docString: text, domain: text });
  },
  "a text of an attribute": (model, chance) => {
    const attribute = chance.of(nodesIn(model).flatMap(({ attribute: held }) => held));
    if (!attribute) return;
    if (chance.is(0.3)) attribute.name = chance.of(texts);
    else
      attribute.s = chance.is(0.5)
        ? Uint8Array.of(0xff, 0xfe, 0x00)
        : new TextEncoder().encode(chance.of(texts));
  },
  "a value of another name everywhere": (model, chance) => {
    const graph = graphIn(model, chance);
    const old = chance.of(graph.node.flatMap(({ output }) => output));
    const text = chance.of(texts);
    const renamed = (list) => list.map((name) => (name === old ? text : name));
    for (const node of graph.node)
      Object.assign(node, { input: renamed(node.input), output: renamed(node.output) });
  },
};
