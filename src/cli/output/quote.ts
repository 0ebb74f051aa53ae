/** Command lines quoted for a POSIX shell. */
import { basename, relative } from "node:path";
import { withoutPassword } from "../../queue/index.js";
import { shellQuote } from "./eval-command.js";

/** The words that started this process, up to the first argument. */
export function programWords(env: NodeJS.ProcessEnv, script: string, cwd: string): string[] {
  if (env.npm_command === "exec") return ["npx", "seawall"];
  if (basename(script) === "seawall") return ["seawall"];
  return ["node", relative(cwd, script)];
}

/** What a command line gives for a flag in place of what it gave: a value, nothing (a switch), or no such flag at all. */
export interface ChangedFlag {
  readonly flag: string;
  readonly takesValue: boolean;
  readonly becomes: string | true | undefined;
}

/** The command with other values for some flags. */
export function changedCommand(
  program: readonly string[],
  args: readonly string[],
  changes: readonly ChangedFlag[],
): string {
  const isChanged = (argument: string | undefined) =>
    changes.some(
      ({ flag }) =>
        argument === flag || argument === flag.replace("--", "--no-") || argument?.startsWith(`${flag}=`),
    );
  const isValueOfChanged = (before: string | undefined) =>
    changes.some(({ flag, takesValue }) => takesValue && before === flag);
  const kept = args.filter((argument, i) => !isChanged(argument) && !isValueOfChanged(args[i - 1]));
  const added = changes.flatMap(({ flag, becomes }) =>
    becomes === undefined ? [] : becomes === true ? [flag] : [flag, becomes],
  );
  return [...program, ...kept.map(withoutPassword), ...added].map(shellQuote).join(" ");
}

/** The command that continues an interrupted one: the same arguments, and `--resume`; without the password of a queue. */
export function resumeCommand(program: readonly string[], args: readonly string[]): string {
  const rest = args.filter((argument) => argument !== "--no-resume");
  const resumed = rest.includes("--resume") ? rest : [...rest, "--resume"];
  return [...program, ...resumed.map(withoutPassword)].map(shellQuote).join(" ");
}
