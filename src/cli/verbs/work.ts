/** `seawall work`: attacks images for the runs of a queue. */
import type { Command } from "commander";
import { plural } from "../../base/index.js";
import { workForQueue } from "../../evaluate/index.node.js";
import { passwordVariable } from "../../queue/index.js";
import { say } from "../output/terminal.js";
import { endLater } from "../process/interrupt.js";
import { collect, flagValue, positiveWhole } from "../settings/values.js";

interface WorkFlags {
  readonly queue: string;
  readonly model?: readonly string[];
  readonly plugin?: readonly string[];
  readonly trusted?: boolean;
  readonly parallel?: string;
  readonly threads?: string;
  readonly idle?: string;
  readonly patience: string;
}

export function workVerb(command: Command): void {
  command
    .description(
      "Attacks images for the runs that seawall eval --queue puts into a queue, one run after the other.",
    )
    .requiredOption("--queue <URL>", "queue on a Redis server, redis://HOST/NAME; rediss:// for TLS")
    .option(
      "--parallel <N>",
      "number of images attacked in parallel; default: as many as cores and memory allow",
    )
    .option("--threads <N>", "number of threads; default: one for each core")
    .option(
      "--model <FILE>",
      "copy of the run's model, where it is too large to be sent; may be repeated",
      collect,
    )
    .option(
      "--plugin <FILE>",
      "the run's plugin, which is never sent; its code is run; may be repeated",
      collect,
    )
    .option(
      "--trusted",
      "open the run's model at once; default: first in a process of its own, which may crash",
    )
    .option("--idle <SECONDS>", "end after so long without work; default: wait for the next run")
    .option(
      "--patience <SECONDS>",
      "time after which the work of a worker that is silent is given to others",
      "30",
    )
    .addHelpText("after", example)
    .action(workAction);
}

const example = `
SIGTERM or Ctrl-C ends it: images that are not done are given back at once.
The password of the server is read from the variable ${passwordVariable}.

Example:
  seawall eval --config camvid.yaml --out runs/first --queue redis://HOST/first   # once
  seawall work --queue redis://HOST/first                                         # on every machine`;

async function workAction({ queue, model = [], plugin = [], ...flags }: WorkFlags): Promise<void> {
  const number = (flag: "parallel" | "threads" | "idle" | "patience") => {
    const text = flags[flag];
    return text === undefined ? undefined : flagValue(`--${flag}`, text, positiveWhole);
  };
  const stop = new AbortController();
  const onSignal = () => {
    stop.abort();
    // Giving back needs the server, which may be gone.
    endLater();
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, onSignal);
  const attacks = await workForQueue({
    ...{ queue, models: model, plugins: plugin, trusted: flags.trusted },
    ...{ parallel: number("parallel"), threads: number("threads"), idle: number("idle") },
    patience: number("patience")!,
    signal: stop.signal,
    tell: (sentence) => say(sentence),
  });
  say(`${stop.signal.aborted ? "stopped" : "no more work"}; ${plural(attacks, "attack")} made`);
}
