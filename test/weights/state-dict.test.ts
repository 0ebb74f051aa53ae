/** Finding the tensors in nested checkpoints. */
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/index.js";
import { type PickleValue, readTorch, stateDictOf, stripPrefix } from "../../src/weights/index.js";
import { golden } from "./golden.js";

const tensor = (value = 0): Tensor => ({ type: "float32", dims: [1], data: Float32Array.of(value) });
const dict = (entries: Readonly<Record<string, PickleValue>>): PickleValue =>
  new Map(Object.entries(entries));
const weights = (value = 0) => dict({ weight: tensor(value), bias: tensor(value) });

describe("stateDictOf", () => {
  it("takes the top itself when it holds the tensors", () => {
    const { tensors, path, others } = stateDictOf(dict({ weight: tensor(), version: 3 }));
    expect([[...tensors.keys()], path, others]).toEqual([["weight"], [], ["version"]]);
  });

  it("goes past an optimizer, even when its states have more tensors, and says what it left out", () => {
    const { tensors, path, others } = stateDictOf(readTorch(golden("nested.pt")));
    expect([...tensors.keys()][0]).toBe("module.0.weight");
    expect(path).toEqual(["model"]);
    expect(others.slice(0, 3)).toEqual(["epoch", "optimizer", "args"]);

    const states = dict({ 0: dict({ step: tensor(), exp_avg: tensor(), exp_avg_sq: tensor() }) });
    const saved = dict({ optimizer: dict({ state: states, param_groups: [] }), net: weights() });
    expect(stateDictOf(saved).path).toEqual(["net"]);
  });

  it("takes the larger dictionary, and of equals the one with the usual name", () => {
    const teacher = dict({ ema: weights(1), state_dict: weights(2), model: weights(3) });
    expect(stateDictOf(teacher).path).toEqual(["state_dict"]);
    const head = dict({ state_dict: dict({ weight: tensor() }), backbone: weights() });
    expect(stateDictOf(head).path).toEqual(["backbone"]);
    expect(stateDictOf(dict({ first: weights(), second: weights() })).path).toEqual(["first"]);
  });

  it("goes through lists and several levels", () => {
    const { path, others } = stateDictOf([5, dict({ run: dict({ model: weights(), lr: 1 }), date: "now" })]);
    expect(path).toEqual(["1", "run", "model"]);
    expect(others).toEqual(["0", "1/date", "1/run/lr"]);
  });

  it("copes with as many entries as a pickle can hold", () => {
    const items = Array.from({ length: 500_000 }, (_, i) => i);
    expect(stateDictOf(dict({ items, model: weights(), more: items })).others).toEqual(["items", "more"]);
    expect(stateDictOf([weights(), ...items]).others).toHaveLength(500_000);
  });

  it("says what a checkpoint without tensors holds", () => {
    expect(() => stateDictOf(dict({ epoch: 1, 'na"me': "x" }))).toThrow('it holds "epoch", "na\\"me"');
    expect(() => stateDictOf(tensor())).toThrow("a single tensor without a name");
    expect(() => stateDictOf(null)).toThrow("holds nothing else");
    expect(() => stateDictOf(new Map([[0, tensor()]]))).toThrow('it holds "0"');
  });
});

describe("stripPrefix", () => {
  it("takes a prefix that all names share, and no other", () => {
    const all = new Map([
      ["module.a", tensor(1)],
      ["module.b", tensor(2)],
    ]);
    expect([...stripPrefix(all, "module.").keys()]).toEqual(["a", "b"]);
    const some = new Map([...all, ["c", tensor(3)]]);
    expect(stripPrefix(some, "module.")).toBe(some);
  });
});
