/** Files of torch.save in both formats, compared with their content as torch reads it. */
import { describe, expect, it } from "vitest";
import { numbersOf, type Tensor } from "../../src/base/index.js";
import { type PickleValue, readTorch } from "../../src/weights/index.js";
import { described, expected, golden, goldenNames } from "./golden.js";

const torchFiles = goldenNames.filter((name) => name.endsWith(".pt"));

function entry(value: PickleValue, key: string): Tensor {
  return (value as ReadonlyMap<string, Tensor>).get(key)!;
}

describe("readTorch", () => {
  it.each(torchFiles.filter((name) => name in expected))("reads %s bit for bit", (name) => {
    expect(described(readTorch(golden(name)))).toEqual(expected[name]);
  });

  it.each(["whole_model.pt", "complex.pt"])("has a reason for %s", (name) => {
    const reason = {
      "whole_model.pt": "torch.nn.modules.linear.Linear",
      "complex.pt": "torch.ComplexFloatStorage",
    };
    expect(() => readTorch(golden(name))).toThrow(reason[name as keyof typeof reason]);
  });

  it("reads the same from bytes that begin anywhere in their buffer", () => {
    for (const name of ["types.pt", "types_legacy.pt"]) {
      const bytes = golden(name);
      const shifted = new Uint8Array(bytes.length + 3).subarray(3);
      shifted.set(bytes);
      expect(described(readTorch(shifted)), name).toEqual(expected[name]);
    }
  });

  it.each(["shared.pt", "shared_legacy.pt"])(
    "keeps shared storages of %s shared where they are dense",
    (name) => {
      const value = readTorch(golden(name));
      const base = entry(value, "base");
      expect(entry(value, "same")).toBe(base);
      expect(entry(value, "row").data).toHaveProperty("buffer", (base.data as Float32Array).buffer);
      (base.data as Float32Array)[12] = 99;
      expect(numbersOf(entry(value, "row"))[0]).toBe(99);
      expect(numbersOf(entry(value, "transposed"))[2]).toBe(12);
    },
  );
});
