/** JSON: formatted for files, canonical for hashes, checked against a schema when read. */
import { z } from "zod";
import { messageOf, SeawallError } from "./errors.js";

/** A schema for a JSON object with any content. */
export const jsonObject = z.record(z.string(), z.json());
export type JsonObject = z.infer<typeof jsonObject>;

/** JSON text for files: keys in the value's order, indented by two spaces, with a newline at the end. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** JSON text for hashing: equal values give the same text, whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (isObject(part) ? sortKeys(part) : part));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sortKeys(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** The value after writing and reading it as JSON: entries that are undefined are gone. */
export function plainJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** The values of a JSON value that are neither object nor array, by their path, such as `model.input.2`. */
export function leaves(value: unknown, path = ""): Map<string, unknown> {
  if (typeof value !== "object" || value === null) return new Map([[path, value]]);
  const below = Object.entries(value).flatMap(([key, part]) => [
    ...leaves(part, path === "" ? key : `${path}.${key}`),
  ]);
  return new Map(below);
}

/**
 * Parses a text and checks it against a schema.
 * @param where the name of the text in error messages: a file, or a file and a line
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

/**
 * Checks a parsed value against a schema.
 * @throws SeawallError `journal` if it does not fit
 */
export function checkJson<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const problem = (text: string) => new SeawallError("journal", `${where}: ${text}`);
  try {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    throw problem(describeIssues(result.error.issues));
  } catch (error) {
    // A hostile file can be nested so deeply that the check exhausts the stack.
    if (error instanceof RangeError) throw problem("nested too deeply");
    throw error;
  }
}

/**
 * Checks settings and fills in the defaults of their schema.
 * @param whole names the settings where no single one is wrong
 * @throws SeawallError `config` that lists all mistakes, one on a line, each with the name of its setting
 */
export function checkSettings<T>(schema: z.ZodType<T>, settings: unknown, whole = "configuration"): T {
  const result = schema.safeParse(settings);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(({ path, message }) => `${path.join(".") || whole}: ${message}`);
  throw new SeawallError("config", mistakes.join("\n  "));
}

/** The first three mistakes as `path: message`, and the number of the others. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): string {
  const shown = issues
    .slice(0, 3)
    .map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": "));
  const rest = issues.length - shown.length;
  return shown.join("; ") + (rest > 0 ? `; and ${rest} more` : "");
}
