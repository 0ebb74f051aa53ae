/** The outputs of query-based models: which pairs of made-up shapes are taken for one. */
import { expect, it } from "vitest";
import type { TypedShape } from "../../src/autodiff/index.js";
import type { DataType } from "../../src/base/index.js";
import { emptyGraph } from "../../src/onnx/index.js";
import { findQueryOutputs } from "../../src/oracle/queries.js";

type Output = readonly [name: string, shape: readonly number[], type?: DataType];

function find(outputs: readonly Output[]) {
  const graph = emptyGraph("queries", 18);
  graph.outputs = outputs.map(([name]) => ({ name, type: undefined, shape: undefined }));
  const types = new Map<string, TypedShape>(
    outputs.map(([name, shape, type = "float32"]) => [name, { type, shape: [...shape] }]),
  );
  return findQueryOutputs(graph, types);
}

const classes: Output = ["c", [1, 100, 151]];
const masks: Output = ["m", [1, 100, 32, 40]];

it.each<[string, Output[]]>([
  ["in either order", [masks, classes]],
  ["with outputs of other ranks", [classes, masks, ["pooled", [1, 100]]]],
  ["with hidden states of another number of queries", [classes, ["h", [1, 99, 256]], masks]],
  ["with feature maps of another number of queries", [classes, masks, ["f", [1, 256, 32, 40]]]],
  ["with class indices", [classes, masks, ["i", [1, 100, 5], "int64"]]],
])("the pair is found %s", (_, outputs) => {
  expect(find(outputs)).toEqual({ classes: "c", masks: "m", count: 150 });
});

it.each<[string, Output[]]>([
  ["classes alone", [classes]],
  ["masks alone", [masks]],
  ["another number of queries", [classes, ["m", [1, 99, 32, 40]]]],
  ["another batch", [classes, ["m", [2, 100, 32, 40]]]],
  ["two kinds of masks", [classes, masks, ["n", [1, 100, 64, 80]]]],
  ["two kinds of classes", [classes, ["d", [1, 100, 4]], masks]],
  ["masks that are no float32", [classes, ["m", [1, 100, 32, 40], "bool"]]],
  ["fewer than two classes", [["c", [1, 100, 2]], masks]],
])("no pair is found for %s", (_, outputs) => {
  expect(find(outputs)).toBeUndefined();
});
