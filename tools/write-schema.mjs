/** Writes the JSON Schema of configuration files, from the built program. */
import { mkdirSync, writeFileSync } from "node:fs";
import { configJsonSchema } from "../dist/cli/settings/flags.js";

const folder = new URL("../schema/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("eval.schema.json", folder), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
