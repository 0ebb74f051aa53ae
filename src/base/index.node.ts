/** What of the floor needs Node. */
export { openThread, serveThread, type Thread } from "./thread.node.js";
