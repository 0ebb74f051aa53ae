/** The flags with which verbs judge gates. */
import { type Command, Option } from "commander";
import type { GateOptions } from "../../journal/index.js";
import { settingHelp } from "./flags.js";
import { checkList, flagValue } from "./values.js";

/** The values of these flags. */
export interface GateFlags {
  readonly gateDespiteChecks?: boolean;
  readonly gateAllow?: string;
}

export function addGateFlags(command: Command): void {
  command.addOption(new Option("--gate-allow <CHECK,…>", settingHelp("gateAllow")));
  command.option("--gate-despite-checks", settingHelp("gateDespiteChecks"));
}

/** @throws SeawallError `usage` for a check that there is not */
export function gateOptionsOf({ gateDespiteChecks = false, gateAllow }: GateFlags): GateOptions {
  const allow = gateAllow === undefined ? [] : flagValue("--gate-allow", gateAllow, checkList);
  return { despiteChecks: gateDespiteChecks, allow };
}
