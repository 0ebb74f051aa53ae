/**
 * A process of its own that loads shared libraries by name, as the engine does, and prints what became of each. What a
 * library does while it is loaded happens to this process alone.
 */
import { readFileSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { basename } from "node:path";
import { messageOf } from "../base/index.js";
import type { LoadedLibrary } from "./libraries.node.js";

/** RTLD_NODELETE of Linux: the library stays, so that the list of mapped files names it. */
const keep = 0x1000;
/** How Node.js begins what it says of a library that was loaded, and is no module of its own. */
const noModule = "Module did not self-register";

function load(name: string): LoadedLibrary {
  try {
    process.dlopen({ exports: {} }, name, constants.dlopen.RTLD_LAZY | keep);
  } catch (error) {
    const message = messageOf(error);
    if (!message.startsWith(noModule)) return { problem: message.trim() };
  }
  return { file: mappedFiles().find((file) => basename(file).startsWith(name)) ?? name };
}

function mappedFiles(): string[] {
  return readFileSync("/proc/self/maps", "utf8").match(/\/.*$/gm) ?? [];
}

// Written at once: the next library may end the process.
for (const name of process.argv.slice(2)) writeSync(1, `${JSON.stringify(load(name))}\n`);
