/** Tests must never run a program that was built from older sources. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const copied = [
  ...[
    "tools/build.mjs",
    "tools/bundle.mjs",
    "tools/write-schema.mjs",
    "tsconfig.json",
    "tsconfig.build.json",
  ],
  ...["test/build.global.ts", "vitest.config.ts"],
];

describe("a small project with this build and these settings of tests", () => {
  const project = mkdtempSync(join(tmpdir(), "seawall-build-"));
  afterAll(() => rmSync(project, { recursive: true }));

  function write(file: string, content: string): void {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), content);
  }

  /** A program that prints `text`, and a test of the built program that expects `expected`. */
  function writeProgram(text: string, expected: string): void {
    write("src/cli/main.ts", `process.stdout.write(${JSON.stringify(text)});\n`);
    write(
      "test/program.test.ts",
      `import { execFileSync } from "node:child_process";
       import { expect, it } from "vitest";
       it("prints", () => {
         const printed = execFileSync(process.execPath, ["dist/cli/main.js"], { encoding: "utf8" });
         expect(printed).toBe(${JSON.stringify(expected)});
       });`,
    );
  }

  /** Runs a Node script and returns what it printed. Throws all of its output if it fails. */
  function run(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: project,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    });
    if (status !== 0) throw new Error(stdout + stderr);
    return stdout;
  }

  // The JSON report of vitest.config.ts would take the place of the one that these tests themselves write.
  const test = () =>
    run(join(root, "node_modules/vitest/vitest.mjs"), "run", "test/program.test.ts", "--reporter=default");

  beforeAll(() => {
    for (const file of copied) cpSync(join(root, file), join(project, file));
    // There is no page in the small project.
    write("test/page.global.ts", "export function setup() {}\n");
    symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
    write("package.json", '{ "type": "module" }');
    write("src/cli/settings/flags.ts", "export const configJsonSchema = () => ({});\n");
    write("src/removed.ts", "export const removed = 1;\n");
  });

  it("builds before the tests of one file", () => {
    writeProgram("first", "first");
    expect(test()).toContain("1 passed");
    expect(existsSync(join(project, "dist/removed.js"))).toBe(true);
  });

  it("builds again when a source has changed, and drops what has no source any more", () => {
    writeProgram("second", "second");
    rmSync(join(project, "src/removed.ts"));
    expect(test()).toContain("1 passed");
    expect(existsSync(join(project, "dist/removed.js"))).toBe(false);
  });

  it("does not build a second time", () => {
    const built = join(project, "dist/cli/main.js");
    writeFileSync(built, 'process.stdout.write("kept");');
    expect(run("tools/build.mjs")).toBe("dist is up to date.\n");
    expect(run(built)).toBe("kept");
  });

  it("runs no test on sources that do not compile", () => {
    write("src/cli/main.ts", "const text: number = 'third';\n");
    expect(test).toThrow(/TS2322/);
  });
});
