/** Soundness checks and gates as JUnit XML, for CI systems. */
import type { Result } from "../../journal/index.js";
import { checkGates, type JudgedBy } from "../gates.js";
import { type Markup, markup } from "../markup.js";
import { formatFigure } from "../text.js";

interface Case {
  readonly name: string;
  readonly status: "pass" | "warn" | "fail" | "skip";
  readonly detail: string;
}

/**
 * One test suite for the soundness checks and one for the gates. A warning is a passed test with its detail as output.
 * @throws SeawallError `config` for an invalid gate
 */
export function junitXml(result: Result, { gates = [], ...options }: JudgedBy = {}): string {
  const checks = result.soundness.map(({ check, ...rest }) => ({ name: check, ...rest }));
  const outcomes = checkGates(result, gates, options).map(
    ({ gate, passed, value, failedChecks }): Case => ({
      name: gate,
      status: passed ? "pass" : "fail",
      detail: `the figure is ${formatFigure(value)}${failedChecks ? `, but these checks failed: ${failedChecks.join(", ")}` : ""}`,
    }),
  );
  const all = [...checks, ...outcomes];
  const xml = markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="seawall" tests="${all.length}" failures="${count(all, "fail")}">
${suite("soundness", checks)}${suite("gates", outcomes)}</testsuites>
`;
  return xml.text;
}

function count(cases: readonly Case[], status: Case["status"]): number {
  return cases.filter((one) => one.status === status).length;
}

function suite(name: string, cases: readonly Case[]): Markup {
  return markup`  <testsuite name="${name}" tests="${cases.length}" failures="${count(cases, "fail")}" skipped="${count(cases, "skip")}">
${cases.map((one) => testCase(name, one))}  </testsuite>
`;
}

function testCase(suiteName: string, { name, status, detail }: Case): Markup {
  const inside = {
    pass: markup`<system-out>${detail}</system-out>`,
    warn: markup`<system-out>warning: ${detail}</system-out>`,
    fail: markup`<failure message="${detail}"/>`,
    skip: markup`<skipped message="${detail}"/>`,
  };
  return markup`    <testcase classname="seawall.${suiteName}" name="${name}">${inside[status]}</testcase>
`;
}
