/** Sessions in threads of their own, and what CUDA needs. */
export { type CudaPart, cudaParts, cudaSearch } from "./cuda.node.js";
export { openThreadSession, type ThreadSession } from "./thread.node.js";
