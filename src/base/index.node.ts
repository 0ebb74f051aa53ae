/** What of the floor needs Node. */
export { attempt, flushFolder, isLeftover, readText, writeFileAtomic } from "./files.node.js";
export { type FolderLock, isBeingWritten, lockFolder, lockName } from "./lock.node.js";
export { openThread, serveThread, type Thread } from "./thread.node.js";
