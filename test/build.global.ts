/** Builds program and page before any test, so that tests of the command line and in browsers cannot pass on a stale build. */
import { build } from "../tools/build.mjs";
import { buildPage } from "../tools/build-page.mjs";

export async function setup(): Promise<void> {
  if (await build()) console.log("Built dist: the sources had changed.");
  if (await buildPage()) console.log("Built dist/page: the sources had changed.");
}
