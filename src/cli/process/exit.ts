/** Exit codes and error messages. */
import { CommanderError } from "commander";
import { messageOf, SeawallError } from "../../base/index.js";
import { paint, say } from "../output/terminal.js";
import { Interrupted } from "./interrupt.js";

export const exitCodes = { done: 0, internal: 1, usage: 2, gate: 3, interrupted: 130 } as const;

/** Prints the message of an error and returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof Interrupted) {
    say(error.message);
    return exitCodes.interrupted;
  }
  if (error instanceof SeawallError) {
    say(`${paint("red", "error:")} ${error.message}`);
    return exitCodes.usage;
  }
  say(`${paint("red", "error:")} ${internalMessage(error)}`);
  if (process.env.SEAWALL_DEBUG === "1" && error instanceof Error) say(error.stack ?? "");
  else
    say("This is a bug in Seawall. Please report it with the command and its output under SEAWALL_DEBUG=1.");
  return exitCodes.internal;
}

function internalMessage(error: unknown): string {
  const message = messageOf(error);
  return message.startsWith("internal:") ? message : `internal: ${message}`;
}
