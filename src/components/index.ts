/** The named parts of evaluations and trainings, built-in and of plugins. */
export { addPlugin, builtInComponents, type Components, type Plugin } from "./components.js";
