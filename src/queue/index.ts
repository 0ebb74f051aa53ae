/**
 * Work for other machines, over a Redis server: requests go in, replies come back. What they are about is the caller's.
 *
 * - `address.ts` where a queue is; `pack.ts` messages as bytes
 * - `client.node.ts` hands out requests; `serve.node.ts` answers them
 * - `messages.ts`, `keys.ts`, `store.node.ts` what stands on the server
 */
export { parseQueueAddress, passwordVariable, type QueueAddress, withoutPassword } from "./address.js";
export type { QueueContent, WorkerReport } from "./messages.js";
export { type Packed, type PackedArray, packIntegers, packMessage, unpackMessage } from "./pack.js";
