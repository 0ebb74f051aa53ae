/** Pages of docs/: what they point to exists. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { flagName } from "../../src/cli/output/eval-command.js";
import { evaluationFlags } from "../../src/cli/settings/flags.js";
import { trainingSet } from "../../src/cli/settings/training-flags.js";

const docs = new URL("../../docs/", import.meta.url);
const pages = readdirSync(docs, { encoding: "utf8", recursive: true }).filter((name) => name.endsWith(".md"));
const read = (url: URL) => readFileSync(url, "utf8");
const root = new URL("../../", import.meta.url);

/** Flags that are no setting of an evaluation or a training: those that the verbs and the programs beside them declare. */
const otherFlags = ["src/cli", "tools", "bench", "test/fuzz", "test/resume", "test/soak", "studies"].flatMap(
  (folder) => {
    const place = new URL(`${folder}/`, root);
    const files = readdirSync(place, { encoding: "utf8", recursive: true }).filter((name) =>
      /\.(ts|py|mjs)$/.test(name),
    );
    return files.flatMap((name) => read(new URL(name, place)).match(/--[a-z]+(?:-[a-z]+)*/g) ?? []);
  },
);
/** Flags of other programs: Node.js, TensorBoard, Slurm, Docker, Kubernetes. */
const foreignFlags = [
  ...[
    "--expose-gc",
    "--logdir",
    "--requeue",
    "--cpus-per-task",
    "--time",
    "--build-arg",
    "--rm",
    "--user",
    "--gpus",
  ],
  ...["--for", "--timeout", "--build", "--scale", "--exit-code-from"],
];
const settings = [...Object.keys(evaluationFlags), ...Object.keys(trainingSet.flags)];
const flags = new Set([...settings.map(flagName), ...otherFlags, ...foreignFlags]);

describe.each(pages)("docs/%s", (page) => {
  const text = read(new URL(page, docs));

  it("links to pages that exist", () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)(#[^)]*)?\)/g)].map(([, link]) => link!);
    expect(links.filter((link) => !existsSync(new URL(link, new URL(page, docs))))).toEqual([]);
  });

  it("names files that exist", () => {
    const files = [...text.matchAll(/`((?:src|test|examples|demo|schema)\/[\w./-]+)`/g)].map(
      ([, file]) => file!,
    );
    const commands = [...text.matchAll(/vitest run (test\/\S+)/g)].map(([, file]) => file!);
    expect([...files, ...commands].filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
  });

  it("names tests that exist", () => {
    const tests = [...text.matchAll(/`(test\/[\w./-]+\.ts)`: "([^"]+)"/g)];
    const wrong = tests.filter(([, file, title]) => !read(new URL(file!, root)).includes(title!));
    expect(wrong.map(([place]) => place)).toEqual([]);
  });

  it("names what is in those files", () => {
    const places = [...text.matchAll(/`(src\/[\w./-]+\.ts)` \(`(\w+)`\)/g)];
    const wrong = places.filter(
      ([, file, name]) => !new RegExp(`\\b${name}\\b`).test(read(new URL(file!, root))),
    );
    expect(wrong.map(([place]) => place)).toEqual([]);
  });

  it("speaks of flags that there are", () => {
    const named = [...text.matchAll(/(?<![\w-])--[a-z]+(?:-[a-z]+)*\b(?!-)/g)].map(([flag]) => flag);
    const known = (flag: string) => flags.has(flag) || flags.has(flag.replace("--no-", "--"));
    expect(named.filter((flag) => !known(flag))).toEqual([]);
  });
});

it("docs/README.md links to every page, with a line on each", () => {
  const entries = [...read(new URL("README.md", docs)).matchAll(/^- \[[^\]]+\]\(([^)]+)\): \S.*$/gm)];
  const linked = entries.map(([, page]) => page!);
  expect(linked.sort()).toEqual(pages.filter((page) => page !== "README.md").sort());
});

it("README.md links to every page and to files that exist", () => {
  const links = [...read(new URL("README.md", root)).matchAll(/\]\((?!https?:)([^)#]+)(#[^)]*)?\)/g)].map(
    ([, link]) => link!,
  );
  expect(links.filter((link) => !existsSync(new URL(link, root)))).toEqual([]);
  expect(pages.filter((page) => !links.includes(`docs/${page}`))).toEqual([]);
});
