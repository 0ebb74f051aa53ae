/** Settings of the page in a link: what goes in comes out, and what is not offered is left out. */
import { describe, expect, it } from "vitest";
import { parseMembers } from "../../src/attack/index.js";
import { defaultSettings, fromHash, offeredAttacks, type PageSettings, toHash } from "../../web/settings.js";

describe("settings of the page", () => {
  it.each<PageSettings>([
    defaultSettings,
    { ...defaultSettings, left: "own", right: "none", ignored: 0 },
    { left: "robust", right: "own", attacks: "pgd:ce", eps: 16, steps: 1000, ignored: 65535 },
  ])("are the same after a way through a link", (settings) => {
    expect(fromHash(toHash(settings))).toEqual(settings);
  });

  it("stand in the link where they are not the default", () => {
    expect(toHash(defaultSettings)).toBe("");
    expect(toHash({ ...defaultSettings, right: "none", eps: 8 })).toBe("#right=none&eps=8");
  });

  it.each([
    "left=none&right=evil",
    "attacks=rm&eps=0&steps=1001",
    "eps=4.5&steps=-3&ignored=65536",
    "eps=&steps=1e2",
    "<script>&=&&%",
  ])("are the default where a link has %s", (hash) => {
    expect(fromHash(`#${hash}`)).toEqual(defaultSettings);
  });

  it("offer attacks that there are", () => {
    for (const name of Object.keys(offeredAttacks))
      expect(parseMembers(name, { steps: 3 })).not.toHaveLength(0);
  });
});
