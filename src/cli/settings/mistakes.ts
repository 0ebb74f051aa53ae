/** Mistakes in settings, named as the user wrote them. */
import type { z } from "zod";

/** A mistake: the setting, and the expected value. */
export interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Accepted spellings of a setting → its name. */
type KnownNames = Readonly<Record<string, string>>;

/** The mistakes that a schema found; one for each unknown key. */
export function mistakesOf(issue: z.core.$ZodIssue, value: unknown, known: KnownNames): Mistake[] {
  if (issue.code === "unrecognized_keys") {
    const near = issue.path.length === 0 ? bareNames(known) : new Map<string, string>();
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: unknownKey(near.get(bare(key))),
    }));
  }
  return [{ path: issue.path, message: sentence(issue, valueAt(value, issue.path)) }];
}

function unknownKey(meant: string | undefined): string {
  return `unknown setting${meant ? `; did you mean ${meant}?` : ""}`;
}

/** The settings by their names as misspellings have them. */
function bareNames(known: KnownNames): ReadonlyMap<string, string> {
  return new Map(Object.entries(known).map(([name, setting]) => [bare(name), setting]));
}

/** `resize-short`, `resize_short` and `resizeshort` are taken for misspellings of `resizeShort`. */
function bare(name: string): string {
  return name.replace(/[-_]/g, "").toLowerCase();
}

const kinds: Readonly<Record<string, string>> = {
  string: "text (in quotes, where it looks like a number)",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list of numbers",
  object: "settings of its own",
};

function sentence(issue: z.core.$ZodIssue, value: unknown): string {
  const expected = expectation(issue);
  return expected === undefined ? issue.message : `expected ${expected}, got ${shown(value)}`;
}

function expectation(issue: z.core.$ZodIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return kinds[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.map(String).join(" or ");
    case "too_small":
    case "too_big":
      return bound(issue);
    case "invalid_union":
      return "a number or text";
    default:
      return undefined;
  }
}

function bound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [side, limit] = issue.code === "too_small" ? ["at least", issue.minimum] : ["at most", issue.maximum];
  if (issue.origin === "string") return "text";
  return issue.origin === "array" ? `${side} ${limit} entries` : `${side} ${limit}`;
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? "nothing";
  return json.length > 60 ? `${json.slice(0, 57)}...` : json;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
}
