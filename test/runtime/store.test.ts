/** Stores: tensors keep their memory from one use to the next. */
import { expect, it } from "vitest";
import { float32, int64 } from "../../src/base/index.js";
import { copyInto, Store } from "../../src/runtime/store.js";

const counted = () => {
  const sizes: number[] = [];
  const store = new Store((bytes) => {
    sizes.push(bytes);
    return new ArrayBuffer(bytes);
  });
  return { sizes, store };
};

it("copies into memory that is allocated once for each name, type and size", () => {
  const { sizes, store } = counted();
  const first = store.copy({ x: float32([2], [1, 2]) });
  const second = store.copy({ x: float32([1, 2], [3, 4]) });
  expect(second.x).toEqual(float32([1, 2], [3, 4]));
  expect((second.x!.data as Float32Array).buffer).toBe((first.x!.data as Float32Array).buffer);
  expect(sizes).toEqual([8]);
  store.copy({ x: float32([3], [1, 2, 3]) });
  store.copy({ x: int64([3], [1, 2, 3]) });
  expect(sizes).toEqual([8, 12, 24]);
});

it("makes tensors of the types and shapes of others", () => {
  const { store } = counted();
  const { x } = store.like({ x: int64([2, 1], [5, 6]) });
  expect([x!.type, x!.dims, x!.data.length]).toEqual(["int64", [2, 1], 2]);
});

it("refuses text", () => {
  const { store } = counted();
  expect(() => store.like({ x: { type: "string", dims: [1], data: ["a"] } })).toThrow(/internal/);
});

it("fills tensors of the same names", () => {
  const target = float32([2], [0, 0]);
  copyInto({ target }, { target: float32([2], [7, 8]), other: float32([1], [1]) });
  expect([...target.data]).toEqual([7, 8]);
});
