/** The side of a benchmark that is timed: reads `step` lines and answers with seconds, `quit` with the peak of memory. */
import { createInterface } from "node:readline";

/** @param step does once what is timed */
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
