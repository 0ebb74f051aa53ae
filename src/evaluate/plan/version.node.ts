/** The version of the program, as package.json has it. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { packageFile } from "../../base/index.node.js";

export const version = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(packageFile("package.json"), "utf8"))).version;
