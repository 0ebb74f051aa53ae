/** The bound on memory that models may ask for. */
import { totalmem } from "node:os";
import { expect, it } from "vitest";
import { memoryBound } from "../../src/runtime/memory.node.js";

it("is the machine's, or less where SEAWALL_MEMORY says so", () => {
  expect(memoryBound("")).toBeLessThanOrEqual(totalmem());
  expect(memoryBound("")).toBeGreaterThan(2 ** 28);
  expect(memoryBound("256MiB")).toBe(2 ** 28);
  expect(memoryBound("0.5GiB")).toBe(2 ** 29);
  expect(memoryBound("900000GiB")).toBe(memoryBound(""));
});

it.each(["2", "2GB", "0GiB", "-1GiB", "lots", "1e9MiB"])("refuses %s", (stated) => {
  expect(() => memoryBound(stated)).toThrow(
    `SEAWALL_MEMORY=${stated}: expected an amount of memory such as 800MiB or 2GiB`,
  );
});
