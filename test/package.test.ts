/** The package as a stranger gets it: packed, installed into an empty project, run and type-checked there. */
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = join(root, "node_modules/@typescript/native/bin/tsc");
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** The environment of a plain shell: npm tells its scripts about the project they belong to. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle)_|^npm_config_local_prefix$|^npm_command$/.test(name),
  ),
);

interface Ended {
  readonly status: number | string;
  readonly output: string;
}

/** Runs a command to its end. Asynchronous, because vitest must hear from its worker while a slow one runs. */
function run(cwd: string, command: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) =>
      resolve({ status: error ? (error.code ?? error.signal ?? "failed") : 0, output: stdout + stderr }),
    );
  });
}

/** Codes of npm for a registry out of reach. A failed script of a package has no such code of npm's own. */
const unreachable =
  /^npm error code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|FETCH_ERROR)$/m;

/** Warnings, without those about this machine's own configuration of npm. */
function warningsIn({ output }: Ended): string[] {
  const lines = output.split("\n").filter((line) => /\bwarn(ing)?\b/i.test(line));
  return lines.filter((line) => !/Unknown (builtin|global|user|env|cli) config|npm warn cli /.test(line));
}

const consumer = `
import { attacks, openModel, parseRadius, readModelFile, runEvaluation, SeawallError } from "seawall";
import type { EvaluationInput, Result } from "seawall";
import { differentiate, rules } from "seawall/internals";

const input: EvaluationInput = { model: "model.onnx", data: "folder:images", labels: "self", eps: "4/255" };
export const result: Promise<Result> = runEvaluation(input);
export const model = openModel((await readModelFile("model.onnx")).graph);
export const names: string[] = Object.keys(attacks);
export const radius: number = parseRadius("4/255").value;
export const code = (error: SeawallError): string => error.code;
export const internals = [differentiate, rules];
// @ts-expect-error: a model is named by a string.
runEvaluation({ ...input, model: 1 });
`;
const importing = `
const [users, extenders] = [await import("seawall"), await import("seawall/internals")];
console.log(typeof users.runEvaluation, typeof extenders.differentiate);
`;
const compilerOptions = { module: "nodenext", target: "es2023", types: [], noEmit: true };
const consumerSettings = { compilerOptions: { ...compilerOptions, strict: true, skipLibCheck: false } };

describe("the packed package in an empty project", { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "seawall-package-"));
  const project = join(folder, "project");
  const installed = join(project, "node_modules/seawall");
  let install: Ended;
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    const packed = await run(root, "npm", "pack", "--pack-destination", folder);
    expect(packed.status, packed.output).toBe(0);
    mkdirSync(project);
    // Else npm takes a folder above, that has packages, for the project.
    writeFileSync(join(project, "package.json"), "{}");
    const [tarball] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    install = await run(project, "npm", "install", "--prefer-offline", join(folder, tarball!));
  }, 300_000);

  it("installs without a warning, and then runs and type-checks", async ({ skip }) => {
    skip(unreachable.test(install.output), "npm reaches no registry and its cache lacks a dependency");
    expect(install.status, install.output).toBe(0);
    expect(warningsIn(install)).toEqual([]);

    const demo = await run(project, "npx", "--no-install", "seawall", "demo", "--steps", "1");
    expect(demo.status, demo.output).toBe(0);
    expect(warningsIn(demo)).toEqual([]);
    expect(existsSync(join(project, "seawall-demo/pair.png"))).toBe(true);

    const imported = await run(project, process.execPath, "--input-type=module", "--eval", importing);
    expect(imported).toEqual({ status: 0, output: "function function\n" });

    writeFileSync(join(project, "consumer.mts"), consumer);
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(consumerSettings));
    expect(existsSync(join(project, "node_modules/@types/node"))).toBe(false);
    expect(await run(project, process.execPath, compiler, "-p", ".")).toEqual({ status: 0, output: "" });
  });

  it("holds what it needs and no more", ({ skip }) => {
    skip(unreachable.test(install.output), "npm reaches no registry and its cache lacks a dependency");
    const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
    const top = readdirSync(installed).toSorted();
    expect(top).toEqual([
      ...[
        "CHANGELOG.md",
        "CITATION.cff",
        "LICENSE",
        "README.md",
        "SECURITY.md",
        "demo",
        "deploy",
        "dist",
        "docs",
      ],
      ...["node_modules", "package.json", "page", "schema"],
    ]);
    expect(readdirSync(join(installed, "docs"))).not.toContain("api");
    const own = files.filter((file) => !file.startsWith("node_modules"));
    expect(own.filter((file) => /\.map$|\.sources$|\.test\./.test(file))).toEqual([]);
  });
});

describe("the lock file", () => {
  const lock = read("package-lock.json");

  it("marks no package as one with an install script: npm would run it on npm ci", () => {
    const marked = Object.entries(
      JSON.parse(lock).packages as Record<string, { hasInstallScript?: boolean }>,
    );
    expect(marked.filter(([, entry]) => entry.hasInstallScript).map(([name]) => name)).toEqual([]);
  });

  it("names no registry", () => {
    expect(lock).not.toContain('"resolved"');
  });
});
