/** Command lines quoted for a POSIX shell. */
import { basename, relative } from "node:path";

const plain = /^[\w@%+=:,./-]+$/;

/** An argument, quoted so that a POSIX shell passes it on unchanged. */
export function shellQuote(argument: string): string {
  return plain.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** The words that started this process, up to the first argument. */
export function programWords(env: NodeJS.ProcessEnv, script: string, cwd: string): string[] {
  if (env.npm_command === "exec") return ["npx", "seawall"];
  if (basename(script) === "seawall") return ["seawall"];
  return ["node", relative(cwd, script)];
}

/** The command that continues an interrupted one: the same arguments, and `--resume`. */
export function resumeCommand(program: readonly string[], args: readonly string[]): string {
  const rest = args.filter((argument) => argument !== "--no-resume");
  const resumed = rest.includes("--resume") ? rest : [...rest, "--resume"];
  return [...program, ...resumed].map(shellQuote).join(" ");
}
