/** JSON in and out: formatted for files, canonical for hashes, checked against a schema when read. */
import { z } from "zod";
import { messageOf, SeawallError } from "./errors.js";

/** A JSON object of any content. */
export const jsonObject = z.record(z.string(), z.json());
export type JsonObject = z.infer<typeof jsonObject>;

/** As it stands in files: keys in the order of the value, two spaces, a newline at the end. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** One text for equal values whatever the order of their keys, for hashing. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (isObject(part) ? sortKeys(part) : part));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sortKeys(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** The value as it would come back from a file: plain JSON, without undefined entries. */
export function plainJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Every leaf of a JSON value by its path, e.g. `model.input.2`. */
export function leaves(value: unknown, path = ""): Map<string, unknown> {
  if (typeof value !== "object" || value === null) return new Map([[path, value]]);
  const below = Object.entries(value).flatMap(([key, part]) => [
    ...leaves(part, path === "" ? key : `${path}.${key}`),
  ]);
  return new Map(below);
}

/**
 * Parses and checks a text.
 * @param where names the text in errors, e.g. a file, or a file and a line
 * @throws SeawallError `journal` if it is not JSON or does not fit the schema
 */
export function parseJson<T>(schema: z.ZodType<T>, text: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SeawallError("journal", `${where}: not JSON (${messageOf(error)})`);
  }
  return checkJson(schema, value, where);
}

/** Checks a parsed value; errors as `parseJson`. */
export function checkJson<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const problem = (text: string) => new SeawallError("journal", `${where}: ${text}`);
  try {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    throw problem(describeIssues(result.error.issues));
  } catch (error) {
    // Nesting made to exhaust the stack.
    if (error instanceof RangeError) throw problem("nested too deeply");
    throw error;
  }
}

/**
 * Checks settings and fills in what their schema has defaults for.
 * @throws SeawallError `config` listing every mistake at once, each with its setting
 */
export function checkSettings<T>(schema: z.ZodType<T>, settings: unknown): T {
  const result = schema.safeParse(settings);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(
    ({ path, message }) => `${path.join(".") || "configuration"}: ${message}`,
  );
  throw new SeawallError("config", mistakes.join("\n"));
}

/** The first few mistakes as `path: what is wrong`. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): string {
  const shown = issues
    .slice(0, 3)
    .map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": "));
  const rest = issues.length - shown.length;
  return shown.join("; ") + (rest > 0 ? `; and ${rest} more` : "");
}
