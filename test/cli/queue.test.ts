/** A run over a queue: the built program as coordinator and as workers, with a real server. */
import type { ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { missingRedis, startRedis } from "../queue/redis.js";
import { journalOf, resultOf } from "../resume/program.mjs";
import { sampleFolder, seawall, shortEval } from "./program.js";

const evaluation = [...shortEval, "--attacks", "apgd:ce,surge-fast,noise", "--trace", "1"];

describe.skipIf(missingRedis)("seawall eval --queue", { timeout: 120_000 }, async () => {
  if (missingRedis) return;
  const redis = await startRedis("--requirepass", "hush");
  const env = { SEAWALL_QUEUE_PASSWORD: "hush" };
  const work = (name: string, ...flags: string[]) => [
    "work",
    "--queue",
    redis.url(name),
    "--parallel",
    "1",
    ...flags,
  ];

  it("gives the result of one process, though a worker is killed and another stopped", async () => {
    const cwd = await sampleFolder({ images: 4 });
    const alone = await seawall([...evaluation, "--out", "alone"], { cwd });
    expect(alone.code, alone.stderr).toBe(0);

    const children: ChildProcess[] = [];
    const worker = () =>
      seawall(work("run", "--patience", "3"), { cwd, env, onStart: (child) => children.push(child) });
    const workers = [worker(), worker(), worker()];
    let isKilled = false;
    const run = await seawall([...evaluation, "--out", "queue", "--queue", redis.url("run")], {
      ...{ cwd, env },
      onStderr(text) {
        if (isKilled || !/works for this run/.test(text)) return;
        isKilled = true;
        children[0]!.kill("SIGKILL");
        children[1]!.kill("SIGTERM");
      },
    });
    expect(run.code, run.stderr).toBe(0);
    expect(isKilled, run.stderr).toBe(true);
    children[2]!.kill("SIGTERM");
    const [killed, stopped, last] = await Promise.all(workers);
    expect(killed!.code).toBe("SIGKILL");
    expect(stopped!.code, stopped!.stderr).toBe(0);
    expect(stopped!.stderr).toMatch(/stopped; \d+ attacks? made/);
    expect(last!.stderr).toMatch(/works for a run of .* on model.onnx, on 1 image at a time\n/);
    expect(resultOf(join(cwd, "queue"))).toBe(resultOf(join(cwd, "alone")));
    expect(journalOf(join(cwd, "queue"))).toEqual(journalOf(join(cwd, "alone")));
    const traces = (run: string) =>
      readdirSync(join(cwd, run, "traces")).map((name) => [
        name,
        readFileSync(join(cwd, run, "traces", name), "utf8"),
      ]);
    expect(traces("queue")).toEqual(traces("alone"));
    expect(readdirSync(join(cwd, "queue")).sort()).toEqual(readdirSync(join(cwd, "alone")).sort());
    const stored = readFileSync(join(cwd, "queue/run.json"), "utf8");
    expect(stored).toContain(redis.url("run"));
    expect(stored + run.stderr + last!.stderr).not.toContain("hush");
  });

  it("refuses a wrong password, a missing server and an address without a name", async () => {
    const cwd = await sampleFolder({ images: 1 });
    const wrong = await seawall(["work", "--queue", redis.url("x").replace("//", "//:wrong@")], { cwd });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(
      /the server refuses user or password; give the password in .*SEAWALL_QUEUE_PASSWORD/,
    );
    expect(wrong.stderr).not.toContain("wrong");
    const nowhere = await seawall([...evaluation, "--queue", "redis://127.0.0.1:1/x"], { cwd });
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toMatch(/no server answers at 127.0.0.1, port 1/);
    const unnamed = await seawall([...evaluation, "--queue", "redis://127.0.0.1"], { cwd });
    expect(unnamed.code).toBe(2);
    expect(unnamed.stderr).toMatch(/--queue: the name of the queue is missing/);
    expect(existsSync(join(cwd, "x"))).toBe(false);
  });
});
