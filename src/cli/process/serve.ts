/** Serving pages until the user ends it. */
import { once } from "node:events";
import type { LocalServer } from "../../report/index.node.js";
import { say } from "../output/terminal.js";

/** Says what a server shows, and closes it on Ctrl-C. */
export async function serveUntilInterrupted({ url, close }: LocalServer, shows: string): Promise<void> {
  say(`${url} ${shows}; Ctrl-C ends it`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await close();
}
