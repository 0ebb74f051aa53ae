/** Builds the program before any test, so that tests of the command line cannot pass on a stale build. */
import { build } from "../tools/build.mjs";

export async function setup(): Promise<void> {
  if (await build()) console.log("Built dist: the sources had changed.");
}
