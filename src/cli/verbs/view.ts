/** `seawall view`: a local page that lists runs and shows their figures, updated while a run is in progress. */
import type { Command } from "commander";
import { withRunFolders } from "../../journal/index.node.js";
import { serveRuns } from "../../report/index.node.js";
import { serveUntilInterrupted } from "../process/serve.js";
import { flagValue, whole } from "../settings/values.js";

export function viewVerb(command: Command): void {
  command
    .description(
      "Shows runs and trainings in the browser, live while they are going. Answers this machine alone.",
    )
    .argument(
      "[RUN...]",
      "folders of runs and trainings, folders above them, or zips of run folders (default: runs)",
    )
    .option("--port <N>", "port of the page; 0 takes any free one (default: 8327)")
    .addHelpText("after", example)
    .action(viewAction);
}

const example = `
Ctrl-C ends it.

Example:
  seawall view runs`;

async function viewAction(given: readonly string[], flags: { readonly port?: string }): Promise<void> {
  const port = flags.port === undefined ? 8327 : flagValue("--port", flags.port, whole);
  const folders = given.length > 0 ? given : ["runs"];
  await withRunFolders(folders, async (dirs) =>
    serveUntilInterrupted(await serveRuns(dirs, port), `shows the runs in ${folders.join(", ")}`),
  );
}
