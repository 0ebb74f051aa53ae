/** The timed side of a benchmark: replies to lines `step` with seconds, and to `quit` with the peak memory. */
import { createInterface } from "node:readline";

/** @param step the timed function */
export async function serve(step) {
  console.log("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "quit") {
      console.log(`peak ${1024 * process.resourceUsage().maxRSS}`);
      process.exit(0);
    }
    const started = performance.now();
    await step();
    console.log((performance.now() - started) / 1000);
  }
}
