/** Verbs that take a run folder take a zip of one. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { packRun } from "../../src/journal/index.js";
import { sampleFolder, seawall, storedRun } from "./program.js";

let cwd: string;
const at = (path: string) => join(cwd, path);
beforeAll(async () => {
  cwd = await sampleFolder();
  await storedRun(cwd, "run");
  const files = readdirSync(at("run"), { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const contents = files.map((file) => [file.slice(at("run/").length), readFileSync(file)]);
  writeFileSync(at("page.zip"), packRun(Object.fromEntries(contents)));
  writeFileSync(at("broken.zip"), "PK\x03\x04 and no more");
});

const run = (...args: string[]) => seawall(args, { cwd });

describe("a zip of a run", () => {
  it("is reported as its folder is, beside the zip", async () => {
    const { code, stderr } = await run("report", "page.zip");
    expect(code).toBe(0);
    expect(stderr).toContain(`written: ${join("page-report", "report.html")}\n`);
    await run("report", "run", "--out", "own");
    const page = (path: string) => readFileSync(at(path), "utf8");
    expect(page("page-report/report.html")).toBe(page("own/report.html"));
    expect(readdirSync(at("page-report"))).toEqual(["report.html"]);
  });

  it("is compared with a folder", async () => {
    const zipped = await run("compare", "run", "page.zip");
    expect(zipped).toEqual(await run("compare", "run", "run"));
    expect(zipped.code).toBe(0);
  });

  it("is verified", async () => {
    const { code, stderr } = await run("verify", "page.zip", "--sample", "2");
    expect(stderr).toMatch(/match: 2 of 2 records made again/);
    expect(code).toBe(0);
  });

  it("is shown among runs", async () => {
    let list: Promise<string> | undefined;
    const { code } = await seawall(["view", "page.zip", "run", "--port", "0"], {
      cwd,
      onStderr(text, child) {
        const place = /http:\/\/127\.0\.0\.1:\d+\/\S*/.exec(text)?.[0];
        if (place)
          list ??= fetch(place)
            .then((answer) => answer.text())
            .finally(() => child.kill("SIGINT"));
      },
    });
    expect(code).toBe(0);
    const names = [...(await list!).matchAll(/>(page|run)</g)].map(([, name]) => name);
    expect(names).toEqual(["page", "run"]);
  });

  it.each(["report", "verify", "view"])("that is broken is named by %s", async (verb) => {
    const { code, stderr } = await run(verb, "broken.zip");
    expect(code).toBe(2);
    expect(stderr).toMatch(/broken\.zip: not a whole zip file .*; save the run again, or give its folder/);
    expect(existsSync(at("broken-report"))).toBe(false);
  });
});
