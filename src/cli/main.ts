#!/usr/bin/env node
/** The program: finds the verb, runs it, and ends with its exit code. */
import { ignoreClosedPipes } from "./output/terminal.js";
import { exitCodes, reportError } from "./process/exit.js";
import { runProgram } from "./program.js";

ignoreClosedPipes();
// Errors thrown in callbacks, which no await catches.
process.on("uncaughtException", (error) => process.exit(reportError(error)));
process.exitCode = exitCodes.done;
try {
  await runProgram(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportError(error);
}
