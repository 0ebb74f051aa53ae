import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    // ONNX Runtime spreads over all cores by itself: more workers only take them from each other.
    maxWorkers: 2,
  },
});
