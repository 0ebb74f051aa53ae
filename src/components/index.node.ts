/** Plugins from files. */
export { type LoadedComponents, loadComponents } from "./plugins.node.js";
