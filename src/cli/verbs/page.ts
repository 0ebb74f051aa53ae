/** `seawall page`: the page that attacks in the browser, served to this machine. */
import type { Command } from "commander";
import { servePage } from "../../report/index.node.js";
import { serveUntilInterrupted } from "../process/serve.js";
import { flagValue, whole } from "../settings/values.js";

const usualPort = 8328;

export function pageVerb(command: Command): void {
  command
    .description(
      "Attacks models in the browser: drop an .onnx file and images, and watch. Nothing is uploaded; answers this machine alone.",
    )
    .option("--port <N>", `port of the page; 0 takes any free one (default: ${usualPort})`)
    .addHelpText("after", example)
    .action(pageAction);
}

const example = `
Ctrl-C ends it.

Example:
  seawall page`;

async function pageAction({ port }: { readonly port?: string }): Promise<void> {
  const server = await servePage(port === undefined ? usualPort : flagValue("--port", port, whole));
  await serveUntilInterrupted(server, "attacks models in the browser");
}
