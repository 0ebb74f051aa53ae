/** The charts of an attack, apart from the page's other script, which is there before them. */
export { traceCurves } from "../src/report/index.js";
