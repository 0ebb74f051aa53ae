import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // The same mapping as `imports` in package.json, onto the sources.
    alias: { "#engine": fileURLToPath(new URL("src/runtime/ort.node.ts", import.meta.url)) },
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/build.global.ts", "test/page.global.ts"],
    // .ci/run counts tests from the second one.
    reporters: ["default", ["json", { outputFile: "node_modules/.vitest/results.json" }]],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // ONNX Runtime spreads over all cores by itself: more workers only take them from each other.
    maxWorkers: 2,
  },
});
