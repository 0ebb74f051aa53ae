/** What is shown of an attack and after it, apart from the page's other script, which is there before. */
export { soundnessList, traceCurves } from "../src/report/index.js";
