/** The scripts of deploy/: they parse, and ask the programs around them for the right things. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { parseAllDocuments } from "yaml";

const deploy = fileURLToPath(new URL("../deploy", import.meta.url));
const isPosix = process.platform !== "win32";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seawall-deploy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

const at = (...parts: string[]) => join(folder, ...parts);

function write(path: string, text = ""): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text, { mode: 0o755 });
}

/** A program that writes down how it was called, then does what the text says. */
const stub = (name: string, then = "") =>
  write(at("bin", name), `#!/bin/bash\necho "${name} $*" >> ${at("calls")}\n${then}\n`);

function run(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  rmSync(at("calls"), { force: true });
  const { status, stdout, stderr } = spawnSync(join(deploy, script), args, {
    encoding: "utf8",
    timeout: 20_000,
    env: { PATH: `${at("bin")}:${process.env.PATH}`, ...env },
  });
  const calls = existsSync(at("calls")) ? readFileSync(at("calls"), "utf8").trim().split("\n") : [];
  return { status, stdout, stderr, calls };
}

describe.runIf(isPosix)("deploy/shard", () => {
  const shard = (...more: string[]) => run("shard", ["run.yaml", at("out"), "2", "3", ...more]);
  beforeEach(() => stub("seawall"));

  it("resumes the shard, and goes on from the others that have a journal", () => {
    expect(shard("--threads", "4").calls).toEqual([
      `seawall eval --config run.yaml --shard 2/3 --out ${at("out/shards/2")} --resume --no-report --threads 4`,
    ]);
    for (const file of ["1/journal.jsonl", "2/journal.jsonl", "3/run.json"]) write(at("out/shards", file));
    expect(shard().calls).toEqual([
      `seawall eval --config run.yaml --shard 2/3 --out ${at("out/shards/2")} --resume --no-report --after ${at("out/shards/1")}`,
    ]);
  });

  it("leaves a shard with a result alone, and runs another command where told", () => {
    stub("other");
    const { calls } = run("shard", ["a.yaml", at("out"), "1", "1"], { SEAWALL: "other --flag" });
    expect(calls[0]).toMatch(/^other --flag eval --config a\.yaml/);
    write(at("out/shards/2/result.json"));
    expect(shard()).toMatchObject({ status: 0, calls: [] });
  });
});

describe.runIf(isPosix)("deploy/slurm", () => {
  it("submits an array, and a job that waits for it", () => {
    stub("sbatch", "echo '7;cluster'");
    const { calls, stdout } = run("slurm/submit", ["run.yaml", at("out"), "16", "--mem=4G"]);
    expect(calls).toHaveLength(2);
    expect(calls[0]).toMatch(
      /--array=1-16 .*--mem=4G .*slurm\/shard\.sbatch .*\/shard run\.yaml \S+\/out 16$/,
    );
    expect(calls[1]).toMatch(
      /--dependency=afterok:7 .*next\.sbatch .*slurm\/submit run\.yaml \S+\/out 16 --mem=4G$/,
    );
    expect(stdout).toMatch(/array job 7, then job 7/);
  });

  const next = () =>
    run("slurm/next.sbatch", [join(deploy, "slurm/submit"), "run.yaml", at("out"), "2", "--mem=4G"]);

  it("submits the array again while a shard waits, then merges", () => {
    stub("sbatch", "echo 7");
    stub("seawall");
    write(at("out/shards/1/result.json"));
    expect(next().calls.map((call) => call.split(" ")[0])).toEqual(["sbatch", "sbatch"]);
    write(at("out/shards/2/result.json"));
    expect(next().calls).toEqual([
      `seawall merge ${at("out/shards/1")} ${at("out/shards/2")} --out ${at("out/whole")}`,
    ]);
    write(at("out/whole/result.json"));
    expect(next().calls).toEqual([]);
  });

  const task = (program: string, restarts = 0) => {
    write(at("program"), `#!/bin/bash\n${program}\n`);
    // Slurm ends the script that puts its own task back; here nobody does.
    stub("sleep");
    stub("scontrol");
    return run("slurm/shard.sbatch", [at("program"), "run.yaml", at("out"), "16"], {
      ...{ SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_JOB_ID: "9", SLURM_CPUS_PER_TASK: "8" },
      SLURM_RESTART_COUNT: `${restarts}`,
    });
  };

  it("runs a shard with the cores of the task, and ends as it does", () => {
    expect(task('echo "$*"; exit 2')).toMatchObject({
      ...{ status: 2, stdout: `run.yaml ${at("out")} 3 16 --threads 8\n`, calls: [] },
    });
    expect(task("exit 0").status).toBe(0);
  });

  it("puts a task back that was killed, or stopped at the end of its time, and not without end", () => {
    expect(task("kill -9 $$").calls[0]).toBe("scontrol requeue 9_3");
    // The signal for the end of the time goes to the script alone, which asks its program to stop.
    const atEnd = task(
      'trap "exit 130" TERM; /bin/sleep 0.5; kill -USR1 $PPID; for i in {1..50}; do /bin/sleep 0.1; done',
    );
    expect(atEnd.calls).toContain("scontrol requeue 9_3");
    expect(atEnd.status).toBe(130);
    expect(task("kill -9 $$", 20).calls).toEqual([]);
  });
});

describe("deploy/kubernetes and deploy/docker", () => {
  const documents = (file: string) =>
    parseAllDocuments(readFileSync(join(deploy, file), "utf8"), { strict: true }).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS();
    });

  it("has a Job with one pod for each shard, all at the same time", () => {
    const [job, ...others] = documents("kubernetes/shards.yaml");
    expect(others).toEqual([]);
    const { completions, parallelism, completionMode, template } = job.spec;
    const [container] = template.spec.containers;
    const shards = container.env.find(({ name }: { name: string }) => name === "SHARDS").value;
    expect([completionMode, `${completions}`, `${parallelism}`]).toEqual(["Indexed", shards, shards]);
  });

  it.runIf(isPosix)("has pods that go on until their shard has a result", () => {
    const [{ spec }] = documents("kubernetes/shards.yaml");
    const { command, args } = spec.template.spec.containers[0];
    const result = at("run/shards/5/result.json");
    stub(
      "seawall-shard",
      `[ -e ${at("once")} ] && mkdir -p $(dirname ${result}) && touch ${result}; touch ${at("once")}`,
    );
    stub("sleep");
    const script = args[0].replaceAll("/work", folder);
    const env = { JOB_COMPLETION_INDEX: "4", SHARDS: "16", THREADS: "8" };
    execFileSync(command[0], [...command.slice(1), script], {
      env: { ...env, PATH: `${at("bin")}:${process.env.PATH}` },
    });
    const call = `seawall-shard ${at("run.yaml")} ${at("run")} 5 16 --threads 8`;
    expect(readFileSync(at("calls"), "utf8").trim().split("\n")).toEqual([call, "sleep 60", call]);
  });

  it("merges what the Job makes", () => {
    const [job] = documents("kubernetes/merge.yaml");
    expect(job.spec.template.spec.containers[0].command[2]).toMatch(/^seawall merge \/work\/run\/shards\/\*/);
  });

  it("has a coordinator and workers of one queue", () => {
    const [{ services }] = documents("docker/compose.yaml");
    const queueOf = (name: string) => /--queue (\S+)/.exec(services[name].command)?.[1];
    expect(queueOf("coordinator")).toMatch(/^redis:\/\/redis\//);
    expect(queueOf("worker")).toBe(queueOf("coordinator"));
    expect(existsSync(join(deploy, "docker", services.coordinator.build.context, "package.json"))).toBe(true);
    expect(existsSync(join(deploy, "..", services.coordinator.build.dockerfile))).toBe(true);
  });

  it("copies files into the image that are there", () => {
    const dockerfile = readFileSync(join(deploy, "docker/Dockerfile"), "utf8");
    const copied = [...dockerfile.matchAll(/^COPY (deploy\/\S+)/gm)].map(([, file]) => file!);
    expect(copied).toEqual(["deploy/shard", "deploy/cuda/install"]);
    expect(copied.every((file) => existsSync(join(deploy, "..", file)))).toBe(true);
  });

  it.runIf(isPosix)("has scripts that the shell can read", () => {
    for (const file of ["shard", "cuda/install", "slurm/submit", "slurm/shard.sbatch", "slurm/next.sbatch"])
      execFileSync("bash", ["-n", join(deploy, file)]);
  });
});
