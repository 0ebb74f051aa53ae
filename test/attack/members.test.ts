/** Members: every attack of a run with its own steps and radius schedule. */
import { describe, expect, it } from "vitest";
import {
  type AttackComponents,
  type AttackMember,
  attackForms,
  attackLosses,
  builtInAttacks,
  ensembles,
  parseMembers,
} from "../../src/attack/index.js";

const facts = ({ attack, steps }: AttackMember) => [attack.name, steps, attack.radiusSchedule ?? "constant"];

describe("parseMembers", () => {
  it("gives the members of a two-speed ensemble their share of the steps", () => {
    expect(parseMembers("sea-two-speed", { steps: 300 }).map(facts)).toEqual([
      ["apgd:mask-ce", 300, "reduce"],
      ["apgd:js", 300, "reduce"],
      ["apgd:balanced-ce", 100, "reduce"],
      ["apgd:mask-spherical", 100, "reduce"],
    ]);
  });

  it("transfers every attack with gradients if there is a surrogate", () => {
    const names = (list: string, surrogate?: string) =>
      parseMembers(list, { steps: 9, surrogate }).map(({ attack }) => attack.name);
    expect(names("apgd:js,square,noise", "float.onnx")).toEqual([
      ...["apgd:js", "square", "noise", "transfer:apgd:js"],
    ]);
    expect(names("sea-two-speed,transfer:pgd:ce", "float.onnx")).toHaveLength(5);
    expect(names("transfer:sea-2024")).toEqual([
      ...["transfer:apgd:class-balanced-ce", "transfer:apgd:mask-ce", "transfer:apgd:js"],
    ]);
    expect(() => names("transfer:square")).toThrow('"transfer:square": square follows no gradient');
    expect(() => names("transfer:transfer:pgd:ce")).toThrow("follows no gradient");
  });

  it("puts an attack that goes on from transferred ones behind these", () => {
    const names = (list: string) =>
      parseMembers(list, { surrogate: "float.onnx" }).map(({ attack }) => attack.name);
    expect(names("transfer-search,apgd:js")).toEqual(["apgd:js", "transfer:apgd:js", "transfer-search"]);
    expect(names("apgd:ce,sharpen:js,transfer-search")).toEqual([
      ...["apgd:ce", "sharpen:js", "transfer:apgd:ce", "transfer:sharpen:js", "transfer-search"],
    ]);
  });

  it("keeps steps and schedule of a transferred attack, which takes passes through two models", () => {
    const [own, transferred] = parseMembers("apgd:js", { steps: 9, surrogate: "float.onnx" });
    expect(facts(transferred!)).toEqual(["transfer:apgd:js", 9, "reduce"]);
    expect(transferred!.attack.passes(9)).toBe(2 * own!.attack.passes(9));
  });

  it("leaves no member without a step", () => {
    const steps = parseMembers("sea-two-speed", { steps: 1 }).map((member) => member.steps);
    expect(steps).toEqual([1, 1, 1, 1]);
  });

  it.each(["sea-2023", "sea-2024", "strongest"])("gives every member of %s all steps", (name) => {
    const members = parseMembers(name, { steps: 7, radiusSchedule: "constant" });
    expect(members.every(({ steps }) => steps === 7)).toBe(true);
    expect(members.every((member) => facts(member)[2] === "constant")).toBe(true);
  });

  it("states the steps of an attack that takes as many whatever it is asked for", () => {
    expect(parseMembers("noise,square", { steps: 50 }).map(facts)).toEqual([
      ["noise", 10, "constant"],
      ["square", 50, "constant"],
    ]);
  });

  it("takes absolute steps and a schedule from the ensemble", () => {
    const mine = {
      members: [{ attack: "apgd:ce", steps: { exactly: 12 }, radiusSchedule: "constant" as const }],
      source: "this test",
    };
    const components: AttackComponents = { ...builtInAttacks, ensembles: { mine } };
    expect(parseMembers("mine", { steps: 300 }, components).map(facts)).toEqual([
      ["apgd:ce", 12, "constant"],
    ]);
  });

  it("runs an attack once that is named twice alike, and refuses it with different steps", () => {
    expect(parseMembers("sea-2023,apgd:js")).toHaveLength(4);
    expect(() => parseMembers("sea-two-speed,apgd:balanced-ce", { steps: 30 })).toThrow(
      "apgd:balanced-ce is named twice, with 10 steps (reduce) and with 30 steps (reduce); name it once",
    );
  });
});

describe("every row of the tables", () => {
  it.each(attackForms())("%s can be asked for and is called as it was asked for", (form) => {
    const names = form.includes("LOSS") ? attackLosses().map((loss) => form.replace("LOSS", loss)) : [form];
    for (const name of names) {
      // An attack may go on from others; one that starts by itself has no set to aim at.
      const ask = () => parseMembers(`transfer:apgd:ce,${name}`).at(-1)!.attack;
      if (/^(apgd|pgd|padam):expected-miou$/.test(name)) expect(ask).toThrow(/aims at the mIoU of the set/);
      else expect(ask().name).toBe(name);
    }
  });

  it("refuses an attack that goes on from others where none stands before it", () => {
    expect(() => parseMembers("sharpen:ce,apgd:ce")).toThrow(
      /name one before it, such as apgd:cospgd,sharpen:ce/,
    );
  });

  it.each(["transfer:sharpen:ce", "transfer-search"])("%s goes on from transferred attacks alone", (name) => {
    expect(() => parseMembers(`apgd:ce,square,${name}`)).toThrow(
      `${name} goes on from the best point of the transferred attacks before it; name one before it, such as transfer:apgd:cospgd,${name}`,
    );
    expect(parseMembers(`apgd:ce,transfer:apgd:ce,${name}`)).toHaveLength(3);
  });

  it.each(Object.keys(ensembles))("%s has known members, each once", (name) => {
    const { members } = builtInAttacks.ensembles[name]!;
    expect(parseMembers(name)).toHaveLength(members.length);
  });
});
