/** Plugins: their parts get names with a prefix, and what has not the form of a plugin is refused in words. */
import { describe, expect, it } from "vitest";
import { parseMembers } from "../../src/attack/index.js";
import { SeawallError } from "../../src/base/index.js";
import { addPlugin, builtInComponents, type Plugin } from "../../src/components/index.js";
import { parseDataSpec } from "../../src/data/index.js";
import { losses } from "../../src/loss/index.js";
import { openModel } from "../../src/oracle/index.js";
import { tinyImage, tinyLabels, tinyModel } from "../helpers/models.js";

const focal: NonNullable<Plugin["losses"]>[string] = {
  value: ({ build: b, ...pixel }) => b.mul(b.pow(b.sub(1, pixel.probability()), 2), pixel.crossEntropy()),
};
const still: NonNullable<Plugin["attacks"]>[string] = {
  takes: "nothing",
  help: "the image itself",
  make: () => ({
    name: "whatever",
    losses: [],
    passes: () => 1,
    run: async ({ image }) => ({ point: image, step: 0 }),
  }),
};
const climb: NonNullable<Plugin["attacks"]>[string] = {
  ...still,
  takes: "loss",
  make: (loss) => ({ ...parseMembers(`pgd:${loss.name}`)[0]!.attack, losses: [loss] }),
};
const plugin: Plugin = {
  name: "my",
  losses: { focal },
  attacks: { still, climb },
  ensembles: {
    quick: {
      members: [{ attack: "apgd:my:focal" }, { attack: "my:still", steps: { exactly: 3 } }],
      source: "test",
    },
  },
};
const components = addPlugin(builtInComponents, plugin, "test");

describe("a plugin's parts", () => {
  it("are found under their names with the prefix, in ensembles too", () => {
    const members = parseMembers("my:quick,my:climb:ce,apgd:ce", { steps: 8 }, components);
    expect(members.map(({ attack, steps }) => [attack.name, steps])).toEqual([
      ["apgd:my:focal", 8],
      ["my:still", 3],
      ["my:climb:ce", 8],
      ["apgd:ce", 8],
    ]);
    expect(members[2]!.attack.losses).toEqual([losses.ce]);
  });

  it("leave the built-in tables alone", () => {
    expect(Object.keys(builtInComponents.losses)).not.toContain("my:focal");
    expect(() => parseMembers("my:quick")).toThrow(/unknown attack "my:quick"/);
  });

  it("include data sets, whose names hold a colon", () => {
    const layout = builtInComponents.datasets.folder!;
    const { datasets } = addPlugin(builtInComponents, { name: "my", datasets: { tiles: layout } }, "test");
    expect(parseDataSpec("my:tiles:a,b", datasets)).toMatchObject({ name: "my:tiles", place: "a,b" });
    expect(parseDataSpec("folder:a,b", datasets)).toMatchObject({ name: "folder" });
  });

  it("include gradient rules, for operators that have none and for those that pass nothing on", async () => {
    const [height, width] = [6, 8];
    const rounding = tinyModel({ before: (b, image) => b.op("Round", [b.mul(image, 8)]) });
    const size = { height, width };
    await expect(gradientOf(rounding, size, {})).rejects.toThrow(/Round/);
    const rules = { "": { Round: { gradient: (_: unknown, [g]: readonly (string | undefined)[]) => [g] } } };
    const gradient = await gradientOf(
      rounding,
      size,
      addPlugin(builtInComponents, { name: "my", rules }, "test"),
    );
    expect(gradient.some((value) => value !== 0)).toBe(true);
  });
});

async function gradientOf(
  graph: ReturnType<typeof tinyModel>,
  size: { height: number; width: number },
  options: Pick<Partial<typeof components>, "rules">,
) {
  const { rules } = options;
  const model = await openModel(graph, { size, ...(rules && { rules }) });
  const oracle = model.oracle({ losses: [losses.ce] });
  const image = tinyImage(size.height, size.width);
  const asked = oracle.image(image, tinyLabels(size.height, size.width, 4));
  const { gradient } = await asked.evaluate(image, { loss: losses.ce }).finally(() => oracle.dispose());
  return gradient;
}

describe("what is no plugin is refused", () => {
  it.each<[unknown, RegExp]>([
    [undefined, /expected an object with a name/],
    [{ losses: {} }, /expected an object with a name/],
    [{ name: "My" }, /lower-case letters/],
    [{ name: "my:own" }, /lower-case letters/],
    [{ name: "my", loss: {} }, /"loss" is not one of name, losses, attacks, ensembles, datasets, rules/],
    [
      { name: "my", losses: { focal: () => 1 } },
      /losses\.focal: expected \{ value\(pixel\) \} or \{ family \}/,
    ],
    [{ name: "my", losses: { "a b": focal } }, /losses: the name "a b"/],
    [{ name: "my", losses: 3 }, /losses: expected an object of/],
    [{ name: "my", attacks: { one: { make: () => still } } }, /attacks\.one: expected \{ takes/],
    [
      { name: "my", ensembles: { e: { members: ["apgd:ce"] } } },
      /ensembles\.e: expected \{ members: \[\{ attack/,
    ],
    [{ name: "my", ensembles: { e: { members: [] } } }, /ensembles\.e/],
    [{ name: "my", datasets: { d: { form: "d" } } }, /datasets\.d: expected/],
    [{ name: "my", rules: { "": { Round: {} } } }, /rules\.: expected \{ OPERATOR/],
    [{ name: "apgd", losses: { focal } }, /the name "apgd" is taken/],
    [{ name: "folder" }, /the name "folder" is taken/],
    [{ name: "transfer" }, /the name "transfer" is taken/],
  ])("%j", (given, message) => {
    const add = () => addPlugin(builtInComponents, given as Plugin, "--plugin my.mjs");
    expect(add).toThrow(SeawallError);
    expect(add).toThrow(message);
    expect(add).toThrow(/^--plugin my\.mjs: /);
  });

  it("two plugins of one name", () => {
    expect(() => addPlugin(components, plugin, "second")).toThrow(/second: the name "my" is taken/);
  });
});

it("a loss by its value has the gradient of its value", async () => {
  const loss = components.losses["my:focal"]!;
  const [height, width] = [6, 8];
  const oracle = (await openModel(tinyModel(), { size: { height, width } })).oracle({ losses: [loss] });
  const image = tinyImage(height, width);
  const asked = oracle.image(image, tinyLabels(height, width, 4));
  const { objective, gradient } = await asked.evaluate(image, { loss });
  const length = Math.hypot(...gradient);
  const moved = image.map((value, i) => value + (0.002 * gradient[i]!) / length);
  const after = await asked.evaluate(moved, { loss });
  expect((after.objective - objective) / 0.002 / length).toBeCloseTo(1, 1);
  await oracle.dispose();
  expect(loss.name).toBe("my:focal");
});
