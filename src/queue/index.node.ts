/** The two sides of a queue. */
export { openQueue, type QueueClient, type QueueRequest, type QueueWatch } from "./client.node.js";
export { type Answerer, type ServeOptions, serveQueue } from "./serve.node.js";
