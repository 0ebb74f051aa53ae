/** Mutations of how nodes are joined, and of which nodes there are. */
import { clone, create } from "@bufbuild/protobuf";
import { GraphProtoSchema, NodeProtoSchema, SparseTensorProtoSchema } from "onnx-buf";
import { attributeOf, graphIn, namesIn, nodeOf, nodesIn } from "./parts.mjs";

const operators = [
  "Add AveragePool BatchNormalization Cast Concat Constant ConstantOfShape Conv ConvTranspose CumSum DFT DeformConv",
  "DepthToSpace Det Dropout Einsum Expand EyeLike Gather GatherND Gemm GridSample If Loop LSTM MatMul MaxPool MaxUnpool",
  "NonZero OneHot Optional Pad QLinearConv RandomNormal Range ReduceSum Reshape Resize RoiAlign Scan ScatterND",
  "SequenceConstruct Shape Size Slice Softmax Split Squeeze StringNormalizer TfIdfVectorizer Tile TopK Transpose Unique",
  "Unsqueeze Upsample Where Nothing",
].flatMap((names) => names.split(" "));

const domains = [
  "",
  "ai.onnx",
  "ai.onnx.ml",
  "com.microsoft",
  "seawall",
  "local",
  "\0",
  "../x",
  "a".repeat(5000),
];

/** A node of a graph, or of one that it holds; undefined if there is none. */
const nodeIn = (model, chance) => chance.of(graphIn(model, chance).node);

/** Replaces an input of a node. */
function redirected(model, chance, value) {
  const graph = graphIn(model, chance);
  const node = chance.of(graph.node.filter(({ input }) => input.length > 0));
  if (node) node.input[chance.below(node.input.length)] = value(graph, node);
}

export const edges = {
  "a cycle": (model, chance) =>
    redirected(
      model,
      chance,
      ({ node }, reader) => chance.of(node.slice(node.indexOf(reader)))?.output[0] ?? "",
    ),
  "a node that reads itself": (model, chance) =>
    redirected(model, chance, (_, reader) => reader.output[0] ?? ""),
  "an undefined name": (model, chance) => redirected(model, chance, () => "nowhere"),
  "an empty name": (model, chance) => redirected(model, chance, () => ""),
  "an edge elsewhere": (model, chance) => redirected(model, chance, (graph) => chance.of(namesIn(graph))),
  "an output of a name in use": (model, chance) => {
    const graph = graphIn(model, chance);
    const node = chance.of(graph.node);
    if (node?.output.length) node.output[chance.below(node.output.length)] = chance.of(namesIn(graph));
  },
  "a graph input or output of another value": (model, chance) => {
    const graph = graphIn(model, chance);
    const info = chance.of([...graph.input, ...graph.output]);
    if (info) info.name = chance.of(namesIn(graph));
  },
  "inputs more or less": (model, chance) => {
    const graph = graphIn(model, chance);
    const node = chance.of(graph.node);
    if (chance.is(0.5)) node?.input.pop();
    else for (let n = chance.of([1, 2, 2000]); n > 0; n--) node?.input.push(chance.of(namesIn(graph)));
  },
  "outputs more or less": (model, chance) => {
    const node = nodeIn(model, chance);
    if (chance.is(0.4)) node?.output.pop();
    else for (let n = chance.of([1, 2, 2000]); n > 0; n--) node?.output.push(`more${n}`);
  },
  "inputs in another order": (model, chance) => {
    const node = nodeIn(model, chance);
    if (node) node.input = chance.shuffled(node.input);
  },
  "another operator": (model, chance) => {
    const node = nodeIn(model, chance);
    if (node) node.opType = chance.of(operators);
  },
  "another domain": (model, chance) => {
    const node = chance.of(nodesIn(model));
    if (node) node.domain = chance.of(domains);
  },
  "a node removed": (model, chance) => {
    const { node } = graphIn(model, chance);
    node.splice(chance.below(node.length), 1);
  },
  "a node twice": (model, chance) => {
    const { node } = graphIn(model, chance);
    if (node.length > 0) node.push(clone(NodeProtoSchema, chance.of(node)));
  },
  "nodes in another order": (model, chance) => {
    const graph = graphIn(model, chance);
    graph.node = chance.shuffled(graph.node);
  },
  "no inputs, outputs, nodes or initializers": (model, chance) => {
    graphIn(model, chance)[chance.of(["input", "output", "node", "initializer"])].length = 0;
  },
  "a list twice": (model, chance) => {
    const list = graphIn(model, chance)[chance.of(["input", "output", "initializer", "valueInfo"])];
    list.push(...list);
  },
  "no graph": (model) => {
    model.graph = create(GraphProtoSchema, {});
  },
  "a sparse initializer": (model, chance) => {
    const { initializer, sparseInitializer } = model.graph;
    const values = initializer.pop();
    if (values)
      sparseInitializer.push(
        create(SparseTensorProtoSchema, { values, indices: chance.of(initializer), dims: values.dims }),
      );
  },
  "other opsets": (model, chance) => {
    const versions = [-1n, 0n, 1n, 6n, 7n, 9n, 11n, 13n, 17n, 21n, 24n, 99n, 2n ** 31n, 2n ** 63n - 1n];
    for (const opset of model.opsetImport) if (chance.is(0.7)) opset.version = chance.of(versions);
    if (chance.is(0.3)) model.opsetImport.push(...model.opsetImport);
    if (chance.is(0.2)) model.opsetImport = [];
  },
  "another version of the format": (model, chance) => {
    model.irVersion = chance.of([0n, 1n, 3n, 4n, 99n, -1n, 2n ** 63n - 1n]);
  },
  "an attribute removed": (model, chance) => {
    const { attribute } = chance.of(nodesIn(model).filter(({ attribute: held }) => held.length > 0)) ?? {
      attribute: [],
    };
    attribute.splice(chance.below(attribute.length), 1);
  },
  "an attribute of another node": (model, chance) => {
    const held = nodesIn(model).flatMap(({ attribute }) => attribute);
    const node = nodeIn(model, chance);
    if (held.length > 0) node?.attribute.push(chance.of(held));
  },
  "an attribute that refers to none": (model, chance) => {
    const node = nodeIn(model, chance);
    node?.attribute.push(Object.assign(attributeOf("to", 1n), { refAttrName: "nothing" }));
  },
  "an operator without a rule": (model, chance) => {
    const { node } = model.graph;
    if (node.length > 0) node.push(nodeOf(chance.of(operators), [...chance.of(node).output], ["unread"]));
  },
};
