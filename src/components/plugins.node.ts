/** Plugins from files. Loading one runs its code: only files that the user named are loaded. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, SeawallError, sha256 } from "../base/index.js";
import type { PluginFacts } from "../journal/index.js";
import { addPlugin, builtInComponents, type Components, type Plugin } from "./components.js";

/** Components with all plugins added, and what a run's description says of each plugin. */
export interface LoadedComponents {
  readonly components: Components;
  readonly plugins: readonly PluginFacts[];
}

/**
 * Seawall's components with those of plugins.
 * @param files modules whose default export is a plugin; paths start at the working directory
 * @param values plugins that the library was given as values
 * @throws SeawallError `config` naming the file: missing, failing when loaded, or without a plugin in it
 */
export async function loadComponents(
  files: readonly string[] = [],
  values: readonly Plugin[] = [],
): Promise<LoadedComponents> {
  const loaded = await Promise.all(files.map(loadPlugin));
  const given = values.map((plugin) => ({
    plugin,
    where: `plugin "${plugin.name}"`,
    digest: sha256(new TextEncoder().encode(sourceOf(plugin))),
  }));
  let components = builtInComponents;
  for (const { plugin, where } of [...loaded, ...given]) components = addPlugin(components, plugin, where);
  return {
    components,
    plugins: [...loaded, ...given].map(({ plugin, digest }) => ({ name: plugin.name, sha256: digest })),
  };
}

async function loadPlugin(file: string): Promise<{ plugin: Plugin; where: string; digest: string }> {
  const where = `--plugin ${file}`;
  const path = resolve(file);
  let content: Uint8Array;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new SeawallError("config", `${where}: cannot be read (${messageOf(error)}); name a .mjs file`);
  }
  const module = await import(pathToFileURL(path).href).catch((error: unknown) => {
    throw new SeawallError("config", `${where}: fails when it is loaded: ${messageOf(error)}`, {
      cause: error,
    });
  });
  if (module.default === undefined)
    throw new SeawallError("config", `${where}: has no default export; export default { name: "my", … }`);
  return { plugin: module.default as Plugin, where, digest: sha256(content) };
}

/** The text of a plugin that is a value, its functions as written. What they capture is not in it. */
function sourceOf(plugin: Plugin): string {
  return JSON.stringify(plugin, (_, value: unknown) => (typeof value === "function" ? String(value) : value));
}
