/** `seawall models`: lists the built-in architectures. */
import { type Command, Option } from "commander";
import { formatJson, SeawallError } from "../../base/index.js";
import {
  type ArchitectureDescription,
  type ArchitectureName,
  architectures,
  describeArchitecture,
  keyMaps,
} from "../../nn/index.js";
import { alignRows, formatCount } from "../../report/index.js";
import { print, say } from "../output/terminal.js";
import { flagValue, sizes, whole } from "../settings/values.js";

interface ModelsOptions {
  readonly classes?: string;
  readonly size?: string;
  readonly json?: boolean;
}

export function modelsVerb(command: Command): void {
  command
    .description("Lists the built-in architectures, or describes one with all its keys and shapes.")
    .argument("[NAME]", "an architecture; default: all, without their keys")
    .addOption(new Option("--classes <K>", "number of classes (default: of the best known checkpoints)"))
    .addOption(new Option("--size <HxW>", "image size (default: of the best known checkpoints)"))
    .option("--json", "print as JSON on stdout")
    .addHelpText("after", example)
    .action(modelsAction);
}

const example = `
Example:
  seawall models
  seawall models upernet-convnext-t-cvst --classes 21 --size 473x473`;

function modelsAction(name: string | undefined, options: ModelsOptions): void {
  const at = {
    ...(options.classes !== undefined && { classes: flagValue("--classes", options.classes, whole) }),
    ...(options.size !== undefined && { size: imageSize("--size", options.size) }),
  };
  if (name !== undefined) {
    const described = describeArchitecture(architectureName(name), at);
    if (options.json) print(formatJson(described));
    else say(...detailLines(described));
    return;
  }
  const all = architectureNames.map((each) => describeArchitecture(each, at));
  if (options.json) print(formatJson(all.map(({ keys: _, ...described }) => described)));
  else say(...overviewLines(all));
}

const architectureNames = Object.keys(architectures) as ArchitectureName[];

/** @throws SeawallError `usage` listing the known names */
export function architectureName(text: string): ArchitectureName {
  const known = architectureNames.find((name) => name === text);
  if (known) return known;
  throw new SeawallError("usage", `no architecture "${text}"; there are ${architectureNames.join(", ")}`);
}

/** Height and width. */
export function imageSize(flag: string, text: string): readonly [number, number] {
  return flagValue(flag, text, sizes("473x473")) as [number, number];
}

function overviewLines(all: readonly ArchitectureDescription[]): string[] {
  const rows = all.map((described) => [
    described.name,
    formatCount(described.parameters),
    gigas(described.multiplyAdds),
    `${described.classes}`,
    described.size.join("×"),
    described.summary,
  ]);
  return [
    ...alignRows([["architecture", "parameters", "10⁹ mult-adds", "classes", "size", "what it is"], ...rows]),
    "",
    "parameters and multiply-adds (of one forward pass) are for the classes and the size beside them",
  ];
}

function detailLines(described: ArchitectureDescription): string[] {
  const { name, summary, classes, size, normalization, parameters, inferenceParameters, multiplyAdds, keys } =
    described;
  return [
    `${name}: ${summary}`,
    "",
    ...alignRows([
      ["classes", `${classes}`],
      ["image size", size.join("×")],
      [
        "input",
        normalization === "none"
          ? "pixels as they are, in [0, 1]"
          : "in [0, 1]; ImageNet's mean and deviation inside",
      ],
      ["parameters", `${formatCount(parameters)} (${formatCount(inferenceParameters)} in inference)`],
      ["multiply-adds", `${gigas(multiplyAdds)}·10⁹ for one image forward`],
      ...described.keyMaps.map((keyMap) => ["reads", `${keyMap}: ${keyMaps[keyMap].summary}`]),
    ]),
    "",
    `${keys.length} tensors of the state dictionary; those marked * are not read in inference`,
    ...alignRows(
      keys.map(({ name, shape, kind, inference }) => [
        name,
        `[${shape.join(", ")}]`,
        kind,
        inference ? "" : "*",
      ]),
    ),
  ];
}

function gigas(count: number): string {
  return (count / 1e9).toFixed(1);
}
