/** The verbs and what they have in common. A verb's file is loaded when it is called, not before. */
import { readFileSync } from "node:fs";
import { Command } from "commander";

/** Adds arguments, flags, help and action to a command. */
export type Verb = (command: Command) => void;

interface VerbRow {
  readonly summary: string;
  readonly load: () => Promise<{ readonly verb: Verb }>;
}

const verbs: Readonly<Record<string, VerbRow>> = {
  eval: {
    summary: "attack a model on labelled images and print the worst-case figures",
    load: () => import("./verbs/eval.js"),
  },
  train: {
    summary: "train a built-in architecture adversarially",
    load: () => import("./verbs/train.js"),
  },
  merge: { summary: "put the shards of a run together", load: () => import("./verbs/merge.js") },
  compare: {
    summary: "compare two stored runs image by image",
    load: () => import("./verbs/compare.js"),
  },
  verify: {
    summary: "make a sample of a stored run again and say match or mismatch",
    load: () => import("./verbs/verify.js"),
  },
  view: {
    summary: "show runs in the browser, live while they are going",
    load: () => import("./verbs/view.js"),
  },
  report: {
    summary: "write report.html, csv and junit.xml of a stored run",
    load: () => import("./verbs/report.js"),
  },
  convert: {
    summary: "make an ONNX file of a checkpoint and an architecture",
    load: () => import("./verbs/convert.js"),
  },
  models: { summary: "list the built-in architectures", load: () => import("./verbs/models.js") },
  grad: { summary: "write an ONNX model that also returns gradients", load: () => import("./verbs/grad.js") },
  doctor: {
    summary: "check the machine, a model and a data set before a long run",
    load: () => import("./verbs/doctor.js"),
  },
  demo: {
    summary: "run the main job on the sample that ships with the package",
    load: () => import("./verbs/demo.js"),
  },
};

/**
 * Runs a command line, without the program's own name.
 * @throws CommanderError after saying what is wrong with it; whatever a verb throws
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  const program = new Command("seawall")
    .description(
      "Measures the adversarial robustness of segmentation models, and trains models that are robust.",
    )
    .usage("VERB [flags]")
    .version(version(), "--version", "print the version")
    .helpOption("--help", "print this help")
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ helpWidth: 100, showGlobalOptions: false })
    .addHelpText("after", "\nseawall VERB --help says more about each.");
  for (const [name, { summary }] of Object.entries(verbs)) {
    program.command(name).summary(summary).copyInheritedSettings(program);
  }
  const called = program.commands.find((command) => command.name() === args[0]);
  if (called) (await verbs[called.name()]!.load()).verb(called);
  await program.parseAsync(args, { from: "user" });
}

/** Read here, since `evaluate` would load the engine for it. */
function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
