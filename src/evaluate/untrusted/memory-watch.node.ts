/** Ends the process when it holds too much memory. The engine computes in the main thread, which could not look meanwhile. */
import { parentPort, workerData } from "node:worker_threads";
import { answer } from "./answer.node.js";

/** In milliseconds. */
const between = 20;

function look(): void {
  if (process.memoryUsage.rss() <= (workerData as number)) return;
  answer({ large: true });
  process.kill(process.pid, "SIGKILL");
}

look();
setInterval(look, between);
parentPort!.postMessage("watching");
