/** Soundness checks and gates as JUnit XML, for CI systems. */
import type { GateOutcome, Result } from "../../journal/index.js";
import { gateVerdict } from "../gate-verdict.js";
import { type Markup, markup } from "../markup.js";
import { formatFigure } from "../text.js";

interface Case {
  readonly name: string;
  readonly status: "pass" | "warn" | "fail" | "skip";
  readonly detail: string;
}

/** One test suite for the soundness checks and one for the gates. A warning is a passed test with its detail as output. */
export function junitXml(result: Result, gates: readonly GateOutcome[]): string {
  const checks = result.soundness.map(({ check, ...rest }) => ({ name: check, ...rest }));
  const outcomes = gates.map(gateCase);
  const all = [...checks, ...outcomes];
  const xml = markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="seawall" tests="${all.length}" failures="${count(all, "fail")}">
${suite("soundness", checks)}${suite("gates", outcomes)}</testsuites>
`;
  return xml.text;
}

function gateCase(outcome: GateOutcome): Case {
  const detail = `${gateVerdict(outcome)}: the figure is ${formatFigure(outcome.value)}`;
  return { name: outcome.gate, status: outcome.passed ? "pass" : "fail", detail };
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
