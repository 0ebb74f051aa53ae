/** docs/formats.md names every field of the run folder's files, with its type, and no other. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { descriptionSchema } from "../../src/journal/description.js";
import { recordSchema } from "../../src/journal/record.js";
import { resultSchema } from "../../src/journal/result.js";
import { traceSchema } from "../../src/journal/trace.js";
import { readPage } from "./printed.js";
import { type Field, fieldsOf } from "./schema-fields.js";

interface Row {
  readonly path: string;
  readonly type: string;
}

/** The rows of the table under a heading. */
function rowsUnder(heading: string): Row[] {
  const section = readPage("formats.md")
    .split("\n## ")
    .find((part) => part.startsWith(heading));
  if (section === undefined) throw new Error(`docs/formats.md has no section ${heading}`);
  return [...section.matchAll(/^\| `([^`]+)` \| (.*?) ?\| .*\|$/gm)].map(([, path, type]) => ({
    path: path!,
    type: type!,
  }));
}

const typeCell = ({ type, optional }: Field) => (optional ? `${type}, may be absent` : type);
/** A row `model.*` stands for all fields below `model`. */
const covers = ({ path }: Row, field: Field) =>
  path.endsWith(".*") ? field.path.startsWith(path.slice(0, -1)) : field.path === path;

/** What is written with a seal: the content of a file, or a record as a line. */
const withSeal = (schema: z.ZodObject) => schema.safeExtend({ seal: z.string().optional() });

const files: [string, z.ZodType][] = [
  ["`run.json`", withSeal(descriptionSchema)],
  ["`journal.jsonl`", withSeal(recordSchema)],
  ["`result.json`", withSeal(resultSchema)],
  ["`traces/`", traceSchema],
];

describe.each(files)("%s", (heading, schema) => {
  const rows = rowsUnder(heading);
  const fields = fieldsOf(schema);
  /** Any other setting of the data; the schema leaves them open. */
  const open = "data.settings.*";

  it("has a row for every field", () => {
    expect(fields.length).toBeGreaterThan(10);
    for (const field of fields) {
      const own = rows.filter((row) => covers(row, field) && row.path !== open);
      expect(
        own.map(({ path }) => path),
        field.path,
      ).toHaveLength(1);
      if (!own[0]!.path.endsWith(".*")) expect(own[0]!.type, field.path).toBe(typeCell(field));
    }
  });

  it("has no row for what is no field", () => {
    const idle = rows.filter((row) => row.path !== open && !fields.some((field) => covers(row, field)));
    expect(idle).toEqual([]);
  });
});
