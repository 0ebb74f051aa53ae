/** The parts of `base` that need Node: files, the folder lock, threads. */
export {
  copyFileAtomic,
  flushFolder,
  isLeftover,
  removeLeftovers,
  removeLeftoversOf,
  writeFileAtomic,
  writePiecesAtomic,
} from "./atomic.node.js";
export { attempt, packageFile, packageVersion, readText } from "./files.node.js";
export { type FolderLock, isBeingWritten, lockFolder, lockName } from "./lock.node.js";
export { openThread, serveThread, type Thread } from "./thread.node.js";
