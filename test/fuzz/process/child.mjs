/**
 * The process in which cases run, one after the other: takes {folder, args} and answers {code, text}, where `code` is the exit code that the program would have ended with, and `text` all that it printed.
 */
import { exitCodes, reportError } from "../../../dist/cli/process/exit.js";
import { runProgram } from "../../../dist/cli/program.js";
import { serveRuns } from "../../../dist/report/index.node.js";

let printed = "";
for (const stream of [process.stdout, process.stderr])
  stream.write = (chunk, encoding, done) => {
    printed += chunk;
    const called = typeof encoding === "function" ? encoding : done;
    called?.();
    return true;
  };

process.on("message", async ({ folder, args }) => {
  process.chdir(folder);
  printed = "";
  process.exitCode = exitCodes.done;
  try {
    await (args[0] === "view" ? view(args.slice(1)) : runProgram(args));
  } catch (error) {
    process.exitCode = reportError(error);
    if (process.exitCode === exitCodes.internal) printed += error?.stack;
  }
  process.send({ code: process.exitCode, text: printed });
});
process.on("uncaughtException", (error) => {
  printed += error.stack;
  process.send({ code: exitCodes.internal, text: printed });
});
process.send("ready");

/** Opens every page that the viewer has of these folders, as a browser would. */
async function view(folders) {
  const { url, close } = await serveRuns(folders, 0);
  try {
    const list = await page(url);
    for (const [, path] of list.matchAll(/href="\/(runs\/[0-9a-f]{16}\/)"/g))
      for (const place of ["", "now", "report"]) await page(url + path + place);
  } finally {
    await close();
  }
}

async function page(address) {
  const text = await (await fetch(address)).text();
  printed += text;
  return text;
}
