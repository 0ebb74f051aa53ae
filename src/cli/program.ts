/**
 * The verbs and what they share. A verb's file is loaded when the verb is called.
 *
 * - `main.ts` the process: runs the program and sets its exit code
 * - `verbs/` one file a verb: reads flags, calls exported functions of the modules, prints
 * - `settings/` flags and configuration files, and every mistake in them at once
 * - `process/` running with progress, interruption, gates, exit codes
 * - `output/` lines, progress bar, streams
 */
import { Command } from "commander";
import { packageVersion } from "../base/index.node.js";

/** Adds arguments, flags, help and action to a command. */
export type Verb = (command: Command) => void;

interface VerbRow {
  readonly summary: string;
  readonly load: () => Promise<Verb>;
}

const verbs: Readonly<Record<string, VerbRow>> = {
  eval: {
    summary: "attack a model on labelled images and print the worst-case figures",
    load: async () => (await import("./verbs/eval.js")).evalVerb,
  },
  train: {
    summary: "train a built-in architecture adversarially",
    load: async () => (await import("./verbs/train.js")).trainVerb,
  },
  work: {
    summary: "attack images for the runs of a queue, on any number of machines",
    load: async () => (await import("./verbs/work.js")).workVerb,
  },
  merge: {
    summary: "merge the shards of a run into one result",
    load: async () => (await import("./verbs/merge.js")).mergeVerb,
  },
  compare: {
    summary: "compare two stored runs image by image",
    load: async () => (await import("./verbs/compare.js")).compareVerb,
  },
  verify: {
    summary: "recompute a sample of a stored run and say match or mismatch",
    load: async () => (await import("./verbs/verify.js")).verifyVerb,
  },
  view: {
    summary: "show runs in the browser, live while they are going",
    load: async () => (await import("./verbs/view.js")).viewVerb,
  },
  page: {
    summary: "attack models in the browser, without uploading anything",
    load: async () => (await import("./verbs/page.js")).pageVerb,
  },
  report: {
    summary: "write report.html, csv and junit.xml of a stored run",
    load: async () => (await import("./verbs/report.js")).reportVerb,
  },
  convert: {
    summary: "make an ONNX file of a checkpoint and an architecture",
    load: async () => (await import("./verbs/convert.js")).convertVerb,
  },
  models: {
    summary: "list the built-in architectures",
    load: async () => (await import("./verbs/models.js")).modelsVerb,
  },
  grad: {
    summary: "write an ONNX model that also returns gradients",
    load: async () => (await import("./verbs/grad.js")).gradVerb,
  },
  doctor: {
    summary: "check the machine, a model and a data set before a long run",
    load: async () => (await import("./verbs/doctor.js")).doctorVerb,
  },
  demo: {
    summary: "run the main job on the sample that ships with the package",
    load: async () => (await import("./verbs/demo.js")).demoVerb,
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
    .version(packageVersion(), "--version", "print the version")
    .helpOption("--help", "print this help")
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ helpWidth: 100, showGlobalOptions: false })
    .addHelpText("after", "\nseawall VERB --help says more about each.");
  for (const [name, { summary }] of Object.entries(verbs)) {
    program.command(name).summary(summary).copyInheritedSettings(program);
  }
  const called = program.commands.find((command) => command.name() === args[0]);
  if (called) (await verbs[called.name()]!.load())(called);
  await program.parseAsync(args, { from: "user" });
}
