/** The examples run as a user runs them, on the built package; the stored run among them stays readable. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { checkRecords } from "../src/evaluate/index.js";
import { summarize } from "../src/journal/index.js";
import { readResult, readRun } from "../src/journal/index.node.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const programs = readdirSync(`${root}examples`).filter((name) => /^\d.*\.mjs$/.test(name));

/** Standard output of an example; `npm test` builds the package that it imports. */
async function run(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [`examples/${program}`], { cwd: root });
  return stdout;
}

const numbersIn = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, number]) => Number(number));

/** What the output of each must say. */
const expectations: Readonly<Record<string, (output: string) => void>> = {
  "01-gradient.mjs": (output) => {
    expect(output).toMatch(/^in {2}labels int64 \[ 1, 256, 256 \]\nout logits\nout loss\nout grad$/m);
    expect(numbersIn(output, /gradient: (\S+)/g)[0]).toBeLessThan(0.05);
  },
  "02-attack.mjs": (output) => {
    const [left] = numbersIn(output, /^astronaut: (\S+) of the prediction is left/gm);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(0.9);
  },
  "03-sea.mjs": (output) => {
    expect(output.match(/^apgd:\S+: worst mIoU so far/gm)).toHaveLength(4);
    const attacks = numbersIn(output, /^apgd:\S+ +(0\.\d+)/gm);
    const [worst] = numbersIn(output, /^worst case +(0\.\d+)/gm);
    expect(worst).toBeLessThanOrEqual(Math.min(...attacks));
  },
  "04-loss.mjs": (output) => {
    const [focal] = numbersIn(output, /^apgd:my:focal: (\S+) is left/gm);
    const [noise] = numbersIn(output, /^noise: (\S+) is left/gm);
    expect(focal).toBeLessThan(noise! - 0.1);
  },
  "05-data.mjs": (output) => {
    const [attacked] = numbersIn(output, /^ramp apgd:ce 0.5\/255 (\S+)/gm);
    const [noisy] = numbersIn(output, /^ramp noise 0.5\/255 (\S+)/gm);
    expect(attacked).toBeLessThan(noisy!);
    expect(output.match(/^stripes/gm)).toHaveLength(3);
  },
  "06-training.mjs": (output) => {
    const accuracies = numbersIn(output, /^(0\.\d+)$/gm);
    expect(accuracies).toHaveLength(12);
    expect(Math.max(...accuracies)).toBeGreaterThan(0.8);
  },
  "07-stored-run.mjs": (output) => {
    const { worst } = readResult(`${root}examples/run`).robust[0]!;
    expect(output).toContain(`lower bound over these attacks: ${worst.mIoULower.toFixed(4)}`);
    expect(output).toMatch(/^lowest: \S+ of image coffee/m);
  },
};

describe("examples", () => {
  it("are all listed, here and in their README", () => {
    const listed = readFileSync(`${root}examples/README.md`, "utf8").match(/\d\d-[\w-]+\.mjs(?=` *\|)/g);
    expect(programs).toEqual(listed);
    expect(programs).toEqual(Object.keys(expectations));
  });

  it.each(programs)("%s has under 20 lines", (program) => {
    const lines = readFileSync(`${root}examples/${program}`, "utf8").trimEnd().split("\n");
    expect(lines.length).toBeLessThan(20);
  });

  it.each(programs)("%s runs and says what it should", async (program) => {
    expectations[program]!(await run(program));
  });
});

it("a stored run gives the result that was stored with it", () => {
  const { description, records } = readRun(`${root}examples/run`);
  const soundness = checkRecords(records);
  expect(summarize(description, records, { soundness })).toEqual(readResult(`${root}examples/run`));
});
