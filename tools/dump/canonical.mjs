/**
 * Compares graph texts (`graph-text.mjs`) as computations: values are identified by their computation, not by name.
 *
 * Every value gets a hash of its operator, attributes and inputs, down to the graph's inputs and initializers. Two
 * graphs compute the same with the same operators if the hashes of their nodes and outputs agree as multisets.
 */
import { createHash } from "node:crypto";

/** @returns {{opset, inputs, inits, nodes, outputs}} the items of each kind, parsed */
export function parseText(text) {
  return parseLines(text.trim().split("\n"));
}

function parseLines(lines) {
  const kinds = {
    opset: [],
    name: [],
    metadata: [],
    input: [],
    init: [],
    node: [],
    output: [],
    function: [],
    sparse: [],
  };
  for (const line of lines) {
    const space = line.indexOf(" ");
    kinds[line.slice(0, space)].push(JSON.parse(line.slice(space + 1)));
  }
  return kinds;
}

/**
 * A hash that is equal for graphs that differ only in the names of inner values and in the order of nodes.
 * @param {boolean} byPosition inputs and outputs count by position, not by name
 */
export function canonicalHash(text, byPosition = false) {
  const graph = parseText(text);
  return hash([graph.opset, graph.function, graph.sparse.length, bodyHash(graph, new Map(), byPosition)]);
}

function bodyHash(graph, outer, byPosition) {
  const values = new Map(outer);
  const inits = graph.init.map(([name, type, data]) => define(values, name, hash(["init", type, data])));
  const inputs = graph.input.map(([name, type], i) => {
    const known = graph.init.some(([other]) => other === name);
    return known
      ? hash(["default", type])
      : define(values, name, hash(["input", byPosition ? i : name, type]));
  });
  const nodes = graph.node.map((node) => nodeHash(node, values));
  const outputs = graph.output.map(([name, type], i) => [
    byPosition ? i : name,
    type,
    values.get(name) ?? "?",
  ]);
  const inOrder = (list) => (byPosition ? list : [...list].sort());
  return hash([inOrder(inputs), inits.sort(), nodes.sort(), inOrder(outputs.map((one) => hash(one)))]);
}

function nodeHash([op, inputs, outputs, attributes], values) {
  const from = inputs.map((name) => (name === "" ? "" : (values.get(name) ?? "?")));
  const own = hash([op, from, outputs.map((name) => name !== ""), attributeHashes(attributes, values)]);
  outputs.forEach((name, i) => {
    if (name !== "") define(values, name, hash([own, i]));
  });
  return own;
}

/** Subgraphs see the values of the enclosing graph. Their own inputs and outputs are identified by position. */
function attributeHashes(attributes, values) {
  return Object.entries(attributes).map(([name, value]) =>
    value?.graph ? [name, bodyHash(parseLines(value.graph), values, true)] : [name, value],
  );
}

function define(values, name, value) {
  values.set(name, value);
  return value;
}

const hash = (value) => createHash("sha256").update(JSON.stringify(value)).digest("hex");

/**
 * The items as lines in which positions replace names. Nodes are in the order of a depth-first search from the outputs.
 * @param {boolean} operators leaves out inputs and outputs of nodes: only operators and attributes remain
 */
export function canonicalLines(text, operators = false) {
  const graph = parseText(text);
  const makers = new Map(graph.node.flatMap((node) => node[2].map((name) => [name, node])));
  const inits = new Map(graph.init.map((init) => [init[0], init]));
  const [names, lines, done] = [new Map(graph.input.map(([name]) => [name, name])), [], new Set()];
  const nameOf = (name) =>
    name === "" ? "_" : (names.get(name) ?? inits.get(name)?.slice(1).join(" ") ?? name);
  /** Without recursion, since graphs are deeper than the stack. */
  const start = (first) => {
    const stack = [];
    const enter = (node) => {
      if (!node || done.has(node)) return;
      done.add(node);
      stack.push({ node, waiting: [...node[1]].reverse() });
    };
    enter(first);
    while (stack.length > 0) {
      const { node, waiting } = stack[stack.length - 1];
      if (waiting.length > 0) enter(makers.get(waiting.pop()));
      else {
        stack.pop();
        lines.push(nodeText(node, names, nameOf, lines.length, operators));
      }
    }
  };
  for (const [name] of graph.output) start(makers.get(name));
  for (const node of graph.node) start(node);
  const ends = graph.output.map(([name, type]) =>
    operators ? `output ${name} ${type}` : `output ${name} = ${nameOf(name)}`,
  );
  return [...graph.input.map(([name, type]) => `input ${name} ${type}`), ...lines, ...ends];
}

function nodeText([op, inputs, outputs, attributes], names, nameOf, position, operators) {
  const from = inputs.map(nameOf);
  outputs.forEach((name, i) => {
    names.set(name, i === 0 ? `v${position}` : `v${position}.${i}`);
  });
  const settings = Object.keys(attributes).length > 0 ? ` ${JSON.stringify(attributes)}` : "";
  return operators ? `${op}${settings}` : `v${position} = ${op}(${from.join(", ")})${settings}`;
}
