/** The viewer's server: pages, files it must not serve, and requests it must refuse. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { lockFolder } from "../../src/base/index.node.js";
import {
  memberNames,
  type RunDescription,
  type RunRecord,
  summarize,
  withGates,
} from "../../src/journal/index.js";
import { writeResult, writeRunWorkers } from "../../src/journal/index.node.js";
import { serveRuns } from "../../src/report/index.node.js";
import { describeWith, journalText, recordsOf, sealedJson, temporaryFolder } from "../journal/runs.js";
import { firstRun, get, serve } from "./viewer.js";

/** Writes a run folder as an evaluation does. */
function writeRun(dir: string, description: RunDescription, records: readonly RunRecord[]): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "run.json"), sealedJson(description, description));
  writeFileSync(join(dir, "journal.jsonl"), journalText(description, records));
}

const description = describeWith();
const records = recordsOf(description);
const secret = "the secret of the house";

/** A folder with a complete run `runs/done` and, beside the runs, a file that must not be served. */
function house(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "secret.txt"), secret);
  writeRun(join(folder, "runs/done"), description, records);
  writeResult(join(folder, "runs/done"), summarize(description, records));
  return folder;
}

describe("the list", () => {
  it("has the runs of a folder, and those below it, with their figures", async () => {
    const folder = house();
    writeRun(join(folder, "runs/deep/er/half"), description, records.slice(0, 5));
    const { port } = await serve(join(folder, "runs"));
    const { status, body } = await get(port, "/");
    expect(status).toBe(200);
    expect(body).toMatch(/<b>done<\/b> <span class="badge complete">/);
    expect(body).toMatch(/<b>deep\/er\/half<\/b> <span class="badge stopped">/);
    const { worst } = summarize(description, records).robust[0]!;
    expect(body).toContain(`worst-case mIoU at 4/255 <b>${worst.mIoU.toFixed(4)}</b>`);
    expect(body).toMatch(/<progress max="35" value="5">/);
  });

  it("says of a run with gates how many hold; its page has them, and how far the figures may be off", async () => {
    const folder = house();
    const result = withGates(summarize(description, records), ["worst.mIoU@4/255>=0", "clean.aAcc>=1"]);
    writeResult(join(folder, "runs/done"), result);
    const { port } = await serve(join(folder, "runs"));
    expect((await get(port, "/")).body).toContain("gates <b>1 of 2 hold</b>");
    const { body } = await get(port, await firstRun(port));
    expect(body).toMatch(/✓ <b>worst\.mIoU@4\/255&#62;=0<\/b> holds/);
    expect(body).toMatch(/✗ <b>clean\.aAcc&#62;=1<\/b> does not hold/);
    const [low, high] = result.uncertainty![0]!.images!.mIoU.interval.map((end) => end.toFixed(4));
    expect(body).toContain(`Worst-case mIoU. Other images: ${low} .. ${high}`);
  });

  it("shows who works for a running one with a queue", async () => {
    const folder = temporaryFolder();
    const dir = join(folder, "run");
    writeRun(dir, description, records.slice(0, 5));
    const doing = [{ attack: 'apgd:ce at 4/255 on image "<b>"', seconds: 200 }];
    const worker = { host: "node7", pid: 41, seconds: 3600, parallel: 2, attacks: 1234, doing };
    writeRunWorkers(dir, { queue: "redis://server/first", workers: [worker] });
    const { port } = await serve(folder);
    const page = await firstRun(port);
    expect((await get(port, page)).body, "a stopped run has no workers").not.toContain("node7");
    const lock = lockFolder(dir);
    onTestFinished(() => lock.release());
    const { body } = await get(port, page);
    expect(body).toContain("node7, process 41</th><td>1 h</td><td>1,234</td>");
    expect(body).toContain("apgd:ce at 4/255 on image &#34;&#60;b&#62;&#34;, 3 min 20 s");
    writeRunWorkers(dir, { queue: "redis://server/first", workers: [] });
    expect((await get(port, page)).body).toContain("seawall work --queue redis://server/first");
    writeFileSync(join(dir, "workers.json"), "{");
    expect((await get(port, page)).status).toBe(200);
  });

  it("may be empty, and refuses a folder that is none", async () => {
    const { port } = await serve(temporaryFolder());
    expect((await get(port, "/")).body).toContain("There are no runs yet");
    await expect(serveRuns(["/nowhere/at/all"], 0)).rejects.toThrow(/\/nowhere\/at\/all: cannot be read/);
  });

  it("escapes every name", async () => {
    const folder = temporaryFolder();
    const evil = `<img src=x onerror="alert(1)">'&`;
    const named = describeWith({ model: { file: evil }, data: { spec: evil }, protocol: { attacks: evil } });
    writeRun(join(folder, "<b onclick=alert(1)>"), named, records.slice(0, 3));
    writeRun(join(folder, "<i>damaged"), named, []);
    writeFileSync(join(folder, "<i>damaged/journal.jsonl"), '{"image": "<script>alert(1)</script>"}\n');
    const { port } = await serve(folder);
    for (const page of ["/", await firstRun(port)]) {
      const { body } = await get(port, page);
      expect(body).toContain("&#60;b onclick=alert(1)&#62;");
      expect(body).toContain("&#60;img src=x onerror=&#34;alert(1)&#34;&#62;&#39;&#38;");
      expect(body).not.toMatch(/<(img|b onclick|i>|script>alert)/);
    }
    const whole = temporaryFolder();
    writeRun(join(whole, "<b onclick=alert(1)>"), named, records);
    const { port: other } = await serve(whole);
    const report = (await get(other, `${await firstRun(other)}report`)).body;
    expect(report).toContain("&#60;img src=x onerror=&#34;alert(1)&#34;&#62;&#39;&#38;");
    expect(report).not.toMatch(/<(img src=x|b onclick|script>alert)/);
  });
});

describe("a run", () => {
  it("is live: the page follows the journal, and an unchanged one is not sent again", async () => {
    const folder = temporaryFolder();
    // In the order of an evaluation: attack by attack.
    const ordered = [...records].sort(
      (a, b) =>
        description.protocol.eps.indexOf(a.eps) - description.protocol.eps.indexOf(b.eps) ||
        memberNames(description.protocol).indexOf(a.attack) -
          memberNames(description.protocol).indexOf(b.attack),
    );
    writeRun(join(folder, "going"), description, ordered.slice(0, 7));
    const { port } = await serve(folder);
    const page = await firstRun(port);
    const before = await get(port, page);
    expect(before.body).toMatch(/7 of 35 records/);
    expect(before.body).toMatch(/apgd:<wbr>class-balanced-ce<\/th><td>2\/5<\/td><td>0\.\d{4}/);
    expect(before.body).toMatch(/worst case so far<\/th><td><\/td><td>–/);
    expect((await get(port, page, { "if-none-match": before.headers.etag! })).status).toBe(304);

    writeFileSync(join(folder, "going/journal.jsonl"), journalText(description, ordered.slice(0, 12)));
    const after = await get(port, page, { "if-none-match": before.headers.etag! });
    expect([after.status, after.body]).toEqual([200, expect.stringMatching(/12 of 35 records/)]);
    expect(after.body).toMatch(/worst case of 1 attack so far<\/th><td><\/td><td>0\.\d{4}/);

    writeFileSync(join(folder, "going/journal.jsonl"), journalText(description, ordered));
    const end = await get(port, page);
    const { worst } = summarize(description, records).robust[1]!;
    expect(end.body).toContain(`<td>${worst.aAcc.toFixed(4)}</td><td>${worst.mIoU.toFixed(4)}</td>`);
    expect(end.body).toMatch(/badge complete/);
  });

  it("shows its report when there is one, shut off from everything else", async () => {
    const folder = house();
    writeFileSync(join(folder, "runs/done/report.html"), "<title>own report</title>");
    const { port } = await serve(join(folder, "runs"));
    const page = await firstRun(port);
    const { body, headers } = await get(port, page);
    expect(body).toBe("<title>own report</title>");
    expect(headers["content-security-policy"]).toMatch(/^sandbox allow-scripts[^;]*; default-src 'none'/);
    expect(headers["content-security-policy"]).not.toContain("allow-same-origin");
    expect((await get(port, `${page}now`)).body).toContain("badge complete");
  });

  it("gives out its own files as plain text", async () => {
    const { port } = await serve(join(house(), "runs"));
    const page = await firstRun(port);
    const { body, headers } = await get(port, `${page}files/journal.jsonl`);
    expect(body.trimEnd().split("\n")).toHaveLength(records.length);
    expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  it.each([
    ["journal.jsonl", '{"image": 3}\n{}\n', /journal\.jsonl, line 1: /],
    ["run.json", "{}", /run\.json: schemaVersion/],
    ["result.json", "{", /result\.json: not JSON/],
    ["result.json", "{}", /result\.json: schemaVersion/],
    ["result.json", "changed", /result\.json: differs from the journal: clean\.aAcc: 0\.123 stored/],
  ])("that is damaged in %s is named with the reason", async (file, content, reason) => {
    const folder = house();
    const result = summarize(description, records);
    const changed = sealedJson(description, { ...result, clean: { ...result.clean, aAcc: 0.123 } });
    writeFileSync(join(folder, "runs/done", file), content === "changed" ? changed : content);
    const { port } = await serve(join(folder, "runs"));
    const list = await get(port, "/");
    expect([list.status, list.body]).toEqual([200, expect.stringMatching(/badge damaged/)]);
    expect(list.body).toMatch(reason);
    expect((await get(port, await firstRun(port))).body).toMatch(reason);
  });
});

describe("what is outside the runs", () => {
  const attempts = [
    "/secret.txt",
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/..\\secret.txt",
    "//secret.txt",
    "//",
    "/runs/../secret.txt",
    "RUN../../secret.txt",
    "RUNfiles/../../../secret.txt",
    "RUNfiles/..%2f..%2f..%2fsecret.txt",
    "RUNfiles/%2e%2e/%2e%2e/secret.txt",
    "RUNfiles/%252e%252e%252fsecret.txt",
    "RUNfiles/..%5c..%5csecret.txt",
    "RUNfiles/run.json%00.txt",
    "RUNfiles/FOLDER/secret.txt",
    "RUNfiles//FOLDER/secret.txt",
    "RUNfiles/%2fFOLDER%2fsecret.txt",
    "RUNfiles/secret.txt",
    "RUNfiles/constructor",
    "/runs/FOLDER/",
    "/runs/..%2f..%2f/",
    "file://FOLDER/secret.txt",
    "http://127.0.0.1/secret.txt",
    "FOLDER/secret.txt",
  ];

  it.each(attempts)("is not reached by %s", async (attempt) => {
    const folder = house();
    const { port } = await serve(join(folder, "runs"));
    const path = attempt.replace("RUN", await firstRun(port)).replaceAll("FOLDER", folder);
    const { status, body } = await get(port, path);
    expect(status).toBe(404);
    expect(body).not.toContain(secret);
  });

  it("is not reached through links in a run or to a run", async () => {
    const folder = house();
    const place = join(folder, "secret.txt");
    symlinkSync(place, join(folder, "runs/done/report.html"));
    cpSync(join(folder, "runs/done"), join(folder, "runs/linked"), { recursive: true });
    rmSync(join(folder, "runs/linked/journal.jsonl"));
    symlinkSync(place, join(folder, "runs/linked/journal.jsonl"));
    mkdirSync(join(folder, "runs/only"));
    symlinkSync(place, join(folder, "runs/only/run.json"));
    writeRun(join(folder, "outside"), description, records);
    symlinkSync(join(folder, "outside"), join(folder, "runs/door"));
    const { port } = await serve(join(folder, "runs"));
    const list = (await get(port, "/")).body;
    expect(list).toMatch(/journal\.jsonl: a link or not a regular file/);
    expect(list).not.toMatch(/only|door|outside/);
    for (const [, page] of list.matchAll(/href="(\/runs\/[0-9a-f]+\/)"/g)) {
      for (const place of ["", "now", "files/journal.jsonl", "files/report.html"]) {
        expect((await get(port, `${page}${place}`)).body).not.toContain(secret);
      }
    }
  });

  it.skipIf(process.platform === "win32")("does not hang it: a pipe is not read", async () => {
    const folder = house();
    execFileSync("mkfifo", [join(folder, "runs/done/report.html")]);
    rmSync(join(folder, "runs/done/result.json"));
    execFileSync("mkfifo", [join(folder, "runs/done/result.json")]);
    const { port } = await serve(join(folder, "runs"));
    expect((await get(port, "/")).body).toMatch(/result\.json: a link or not a regular file/);
    expect((await get(port, `${await firstRun(port)}files/result.json`)).status).toBe(404);
  });
});

describe("who is answered", () => {
  it("is whoever calls it by a name of this machine", async () => {
    const { port } = await serve(join(house(), "runs"));
    const status = async (called: string) => (await get(port, "/", { called })).status;
    expect(await status(`127.0.0.1:${port}`)).toBe(200);
    expect(await status(`localhost:${port}`)).toBe(200);
    for (const host of [
      `rebound.example:${port}`,
      "127.0.0.1",
      `127.0.0.1.example:${port}`,
      `127.0.0.1:${port + 1}`,
    ])
      expect(await status(host), host).toBe(403);
  });

  it("is no page of another place: nothing is shared, nothing framed, nothing written", async () => {
    const { port } = await serve(join(house(), "runs"));
    const { headers } = await get(port, "/", { origin: "http://elsewhere.example" });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
    expect(headers["content-security-policy"]).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
      expect((await get(port, "/", { method })).status).toBe(405);
    expect((await get(port, "/", { method: "HEAD" })).body).toBe("");
  });

  it("is no other machine", async ({ skip }) => {
    const outer = Object.values(networkInterfaces())
      .flat()
      .find((entry) => entry?.family === "IPv4" && !entry.internal);
    if (!outer) skip("this machine has no address but its loopback");
    const { port } = await serve(join(house(), "runs"));
    await expect(get(port, "/", { at: outer!.address })).rejects.toThrow(/ECONNREFUSED/);
  });

  it("says when a port is taken", async () => {
    const { port } = await serve(join(house(), "runs"));
    await expect(serveRuns([], port)).rejects.toThrow(new RegExp(`--port ${port}: cannot be used`));
  });
});
