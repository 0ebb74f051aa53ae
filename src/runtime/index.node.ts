/** Sessions in threads of their own. */
export { openThreadSession, type ThreadSession } from "./thread.node.js";
