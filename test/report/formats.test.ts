/** Report files: their content, their size, and damaged runs, which they refuse. */
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRun } from "../../bench/made-run.mjs";
import { SeawallError } from "../../src/base/index.js";
import { checkGates } from "../../src/journal/index.js";
import { htmlReport, readReportedRun, writeReports } from "../../src/report/index.node.js";

const root = mkdtempSync(join(tmpdir(), "seawall-report-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const dir = join(root, "run");
const hostile = `=1+1</td><script>alert("x")</script>&"`;

beforeAll(() =>
  makeRun(dir, { images: 7, imageName: (index) => `${index === 0 ? "" : index}${hostile}`, traces: 2 }),
);

/** A copy of the run with one file changed. */
function damaged(name: string, change: (text: string) => string): string {
  const copy = mkdtempSync(join(root, "copy-"));
  cpSync(dir, copy, { recursive: true });
  writeFileSync(join(copy, name), change(readFileSync(join(copy, name), "utf8")));
  return copy;
}

function refusal(folder: string): string {
  try {
    readReportedRun(folder);
  } catch (error) {
    if (error instanceof SeawallError) return error.message;
    throw error;
  }
  return "nothing was refused";
}

describe("the page", () => {
  it("has the figures of the result and every section", () => {
    const run = readReportedRun(dir);
    const { document } = parseHTML(htmlReport(run));
    const values = [...document.querySelectorAll(".figure .value")].map(({ textContent }) => textContent);
    const { worst } = run.result.robust.at(-1)!;
    expect(values).toEqual([worst.mIoU.toFixed(4), worst.aAcc.toFixed(4)]);
    const { images } = run.result.uncertainty!.at(-1)!;
    const [low, high] = images!.mIoU.interval.map((end) => end.toFixed(4));
    const notes = document.querySelector(".figure")!.textContent;
    expect(notes).toContain(`Other images: ${low} .. ${high} (95 % interval over`);
    expect(notes).toContain("Other starts: unknown from one seed");
    expect(document.querySelectorAll("main > section")).toHaveLength(11);
    expect(document.querySelectorAll("svg[role=img][aria-label]").length).toBeGreaterThan(5);
    expect(document.querySelectorAll(".card")).toHaveLength(7 * 3);
    expect(document.querySelectorAll(".trace")).toHaveLength(2 * 4 * 3);
    expect([...document.querySelectorAll(".card .id")].some((id) => id.textContent === hostile)).toBe(true);
  });

  it("draws the repeats of an attack as one curve, and says so", async () => {
    const repeated = join(root, "repeated");
    await makeRun(repeated, { images: 2, eps: ["1/255"], attacks: ["apgd:js", "square"], seeds: 3 });
    const { document } = parseHTML(htmlReport(readReportedRun(repeated)));
    const section = document.querySelector("#curves")!;
    const legend = [...section.querySelectorAll(".legend li")].map(({ textContent }) => textContent);
    expect(legend).toEqual(["apgd:js", "square", "worst case over these attacks"]);
    const lines = section.querySelector("figure")!.querySelectorAll('g[data-mark="line"]');
    expect(lines).toHaveLength(legend.length);
    expect(section.textContent).toContain("Each attack ran from 3 starts; its curve is the lowest of them");
  });

  it("has the gates, where there are some", () => {
    const run = readReportedRun(dir);
    const gates = checkGates(run.result, ["worst.mIoU@2/255>=0", "clean.aAcc<0.1"]);
    const { document } = parseHTML(htmlReport(run, gates));
    expect(document.querySelector('header a[href="#gates"]')!.textContent).toBe("1 of 2 hold");
    const entries = [...document.querySelectorAll("#gates li")].map(({ textContent }) => textContent);
    expect(entries[0]).toMatch(/^✓worst.mIoU@2\/255>=0 holdsThe figure is 0\.\d{4}\.$/);
    expect(entries[1]).toMatch(/^✗clean.aAcc<0.1 does not hold/);
    expect(htmlReport(run)).not.toContain('id="gates"');
  });

  it("is the same for equal runs", () => {
    expect(htmlReport(readReportedRun(dir))).toBe(htmlReport(readReportedRun(dir)));
  });

  it("stays small for a thousand images", async () => {
    const many = join(root, "many");
    await makeRun(many, { images: 1000, eps: ["1/255"], traces: 4 });
    const [file] = writeReports(readReportedRun(many), ["html"], join(root, "out"));
    expect(statSync(file!).size).toBeLessThan(20e6);
  });

  it("reports a run of an older version, saying what it lacks", () => {
    const old = fileURLToPath(new URL("../golden/run-0.1/", import.meta.url));
    const run = readReportedRun(old);
    const { document } = parseHTML(htmlReport(run));
    const titles = [...document.querySelectorAll("h2")].map(({ textContent }) => textContent);
    expect(titles).toContain("IoU by class");
    expect(titles).not.toContain("Images");
    expect(document.querySelector("details")?.textContent).toMatch(
      /older version.*no pictures.*Attack traces: none/s,
    );
  });
});

describe("tables", () => {
  it("have a row for each set of figures, class and record, and no formula", () => {
    const run = readReportedRun(dir);
    writeReports(run, ["csv"], join(root, "csv"));
    const lines = (name: string) =>
      readFileSync(join(root, "csv", name), "utf8")
        .trimEnd()
        .split("\n");
    expect(lines("figures.csv")).toHaveLength(1 + 1 + 3 * 5);
    expect(lines("classes.csv")).toHaveLength(1 + (1 + 3 * 5) * 11);
    expect(lines("images.csv")).toHaveLength(1 + run.records.length);
    const quoted = `"'${hostile.replaceAll('"', '""')}"`;
    expect(lines("images.csv")[1]).toContain(`0,${quoted},`);
    const [eps, attack, aAcc] = lines("figures.csv")[2]!.split(",");
    expect([eps, attack, Number(aAcc)]).toEqual([
      "0.5/255",
      "apgd:mask-ce",
      run.result.robust[0]!.attacks[0]!.aAcc,
    ]);
  });
});

describe("JUnit", () => {
  it("has a case for each check and gate", () => {
    const run = readReportedRun(dir);
    const gates = checkGates(run.result, ["worst.mIoU@2/255>=0", "clean.aAcc<0.1"]);
    const [file] = writeReports(run, ["junit"], join(root, "junit"), gates);
    const { document } = parseHTML(readFileSync(file!, "utf8"));
    expect(document.querySelectorAll("testcase")).toHaveLength(5);
    expect(document.querySelectorAll("skipped")).toHaveLength(1);
    expect(document.querySelector("testsuites")?.getAttribute("failures")).toBe("1");
    expect(document.querySelector("failure")?.parentElement?.getAttribute("name")).toBe("clean.aAcc<0.1");
  });
});

describe("a damaged run is refused by name and reason", () => {
  it.each([
    [
      "a line of the journal that is none",
      "journal.jsonl",
      (text: string) => text.replace("\n", "}\n"),
      /journal\.jsonl, line 1: not JSON/,
    ],
    [
      "a record with other counts",
      "journal.jsonl",
      (text: string) => text.replace(/"correct":(\d)/, '"correct":1$1'),
      /journal\.jsonl, line 1: its seal does not fit/,
    ],
    [
      "a record with other details",
      "journal.jsonl",
      (text: string) => text.replace(/"confusion":\[(\d+)/, '"confusion":[9'),
      /journal\.jsonl, line \d+: its seal does not fit/,
    ],
    [
      "a result that was improved",
      "result.json",
      (text: string) => text.replace(/"mIoU": 0\.\d+/, '"mIoU": 0.99'),
      /result\.json: its seal does not fit its content: the file was changed; restore the file, or delete it/,
    ],
    [
      "a result that is cut off",
      "result.json",
      (text: string) => text.slice(0, 100),
      /result\.json: not JSON/,
    ],
    [
      "a trace with a wrong picture",
      "traces/0-1.json",
      (text: string) => text.replace(/"keptMap":"/, '"keptMap":"<'),
      /traces\/0-1\.json: keptMap: Invalid base64/,
    ],
    [
      "a trace of another run",
      "traces/0-1.json",
      (text: string) => text.replace("apgd:mask-ce", "apgd:other"),
      /traces\/0-1\.json: the run has no attack "apgd:other"/,
    ],
  ])("%s", (_, name, change, message) => {
    expect(refusal(damaged(name, change))).toMatch(message);
  });

  it("a picture that is something else", () => {
    const copy = damaged("run.json", (text) => text);
    const run = readReportedRun(copy);
    const key = { index: 0, slot: 0, kind: "image" } as const;
    expect(run.picture(key)).toBeDefined();
    writeFileSync(join(copy, "pictures", "0-0.image.webp"), "<svg onload='alert(1)'/>");
    expect(() => htmlReport(run)).toThrow(/0-0\.image\.webp: no small WebP picture/);
  });

  it("but not one whose last line a crash tore", () => {
    const copy = damaged("run.json", (text) => text);
    appendFileSync(join(copy, "journal.jsonl"), '{"image":"7');
    expect(refusal(copy)).toBe("nothing was refused");
  });
});
