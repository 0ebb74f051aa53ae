/** How Vite builds the page: static files in `dist/page`, with the engine's files and the demo's beside the scripts. */
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const root = fileURLToPath(new URL("..", import.meta.url));
const at = (path) => join(root, path);

/** Files that are served as they are, by their place in the page. */
const served = {
  // The builds of the engine that src/runtime/ort.web.ts names: WebAssembly alone, and with WebGPU.
  ...Object.fromEntries(
    ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.asyncify"].flatMap((name) =>
      ["mjs", "wasm"].map((end) => [
        `ort/${name}.${end}`,
        `node_modules/onnxruntime-web/dist/${name}.${end}`,
      ]),
    ),
  ),
  ...Object.fromEntries(
    ["fragile.onnx", "robust.onnx", "street-classes.txt", "street/palace.png"].map((name) => [
      `demo/${name}`,
      `demo/${name}`,
    ]),
  ),
};

const copies = {
  name: "copies",
  writeBundle({ dir }) {
    for (const [to, from] of Object.entries(served)) {
      mkdirSync(dirname(join(dir, to)), { recursive: true });
      copyFileSync(at(from), join(dir, to));
    }
  },
};

/** The service worker, whose address stays the same. */
const offline = "offline.js";

/**
 * Modules that nothing is taken from are left out, whatever they would do when loaded: the worker has no chart, the page no
 * schema.
 */
const treeshake = { moduleSideEffects: (id) => !/node_modules|\/src\//.test(id) };

/** The engine's files lie in a folder beside the scripts, so all scripts lie beside the page. */
const flat = { entryFileNames: "[name]-[hash].js", chunkFileNames: "[name]-[hash].js" };

export default defineConfig({
  root: at("web"),
  // Addresses within the page are relative, so that it can lie in any folder of a server.
  base: "./",
  publicDir: false,
  resolve: {
    conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "production"],
    alias: {
      "#engine": at("src/runtime/ort.web.ts"),
      linkedom: at("web/linkedom.ts"),
    },
  },
  define: { seawallVersion: JSON.stringify(version) },
  plugins: [copies],
  worker: { format: "es", rolldownOptions: { treeshake, output: flat } },
  build: {
    outDir: at("dist/page"),
    emptyOutDir: true,
    assetsDir: "",
    target: "es2023",
    modulePreload: { polyfill: false },
    rolldownOptions: {
      treeshake,
      input: { index: at("web/index.html"), offline: at("web/offline.ts") },
      output: {
        ...flat,
        entryFileNames: ({ name }) => (name === "offline" ? offline : flat.entryFileNames),
      },
    },
  },
});
