/** The parts of `base` that need Node: files, the folder lock, threads. */
export {
  attempt,
  flushFolder,
  isLeftover,
  packageFile,
  packageVersion,
  readText,
  writeFileAtomic,
} from "./files.node.js";
export { type FolderLock, isBeingWritten, lockFolder, lockName } from "./lock.node.js";
export { openThread, serveThread, type Thread } from "./thread.node.js";
