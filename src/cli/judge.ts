/** Gates at the end of a verb. */
import type { Result } from "../journal/index.js";
import { checkGates } from "../report/index.js";
import { exitCodes } from "./exit.js";
import { gateLines } from "./lines.js";
import { say } from "./terminal.js";

/** Says which gates hold; one that does not decides the exit code. */
export function judge(result: Result, gates: readonly string[] = []): void {
  const outcomes = checkGates(result, gates);
  say(...gateLines(outcomes));
  if (outcomes.some(({ passed }) => !passed)) process.exitCode = exitCodes.gate;
}
