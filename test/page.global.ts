/** Builds the page before any test, once for all tests that open it in a browser. */
import { buildPage } from "../tools/build-page.mjs";

export async function setup(): Promise<void> {
  if (await buildPage()) console.log("Built dist/page: the sources had changed.");
}
