// Reads a stored run: its figures, and the image that lost most. Nothing is computed again.
// node examples/07-stored-run.mjs [RUN]
import { readRun, resultLines, summarize } from "seawall";

const [run = "examples/run"] = process.argv.slice(2);
const { description, records } = readRun(run);
for (const line of resultLines(summarize(description, records))) console.log(line);

const [hardest] = records.toSorted((a, b) => a.accuracy - b.accuracy);
console.log(
  `\nlowest: ${hardest.accuracy} of image ${hardest.image} under ${hardest.attack} at ${hardest.eps}`,
);
