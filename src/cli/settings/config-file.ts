/** Configuration files: YAML and JSON with the line of every setting, or a module that exports one. */
import { readFile, stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Document, isMap, isSeq, LineCounter, parseDocument } from "yaml";
import { messageOf, SeawallError } from "../../base/index.js";

export interface ConfigFile {
  readonly file: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Line of a setting, from 1; undefined for modules. */
  lineOf(path: readonly PropertyKey[]): number | undefined;
}

/** In bytes. Larger files are not configurations, and the parser takes time that grows with the square of the settings. */
const largestFile = 2 ** 16;

/** Node.js runs TypeScript files since 22.18. */
const typescript = "typescript" in process.features && process.features.typescript !== false;

const readers: Readonly<Record<string, (file: string) => Promise<ConfigFile>>> = {
  ".yaml": readYaml,
  ".yml": readYaml,
  ".json": readYaml,
  ".js": readModule,
  ".mjs": readModule,
  ...(typescript && { ".ts": readModule, ".mts": readModule }),
};

/**
 * Reads a configuration file. The caller checks the values.
 * @throws SeawallError `config` naming the file and, for a syntax error, its line
 */
export async function readConfigFile(file: string): Promise<ConfigFile> {
  const read = readers[extname(file).toLowerCase()];
  if (read) return read(file);
  const ending = extname(file) === ".ts" ? "this Node.js cannot run TypeScript; use" : "expected one of";
  throw refusal(file, `${ending} ${Object.keys(readers).join(", ")}`);
}

async function readYaml(file: string): Promise<ConfigFile> {
  const lines = new LineCounter();
  try {
    const document = parseDocument(await readLimited(file), { lineCounter: lines });
    const first = document.errors[0];
    // The further lines of the message draw the place, which the line number already tells.
    if (first) throw refusal(`${file}, line ${first.linePos?.[0].line ?? 1}`, first.message.split("\n")[0]!);
    const values = asSettings(file, document.toJS());
    if (containsItself(values)) {
      throw refusal(
        file,
        "an anchor (&) is used inside its own value, which has no end; write the value out",
      );
    }
    return {
      file,
      values,
      lineOf: (path) => lineOf(document, lines, path),
    };
  } catch (error) {
    if (error instanceof SeawallError) throw error;
    const nested = error instanceof RangeError;
    throw refusal(file, nested ? "nested too deeply" : messageOf(error));
  }
}

function containsItself(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return false;
  } catch (error) {
    if (error instanceof TypeError) return true;
    throw error;
  }
}

async function readLimited(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= largestFile) return await readFile(file, "utf8");
  } catch (error) {
    throw refusal(file, `cannot be read (${messageOf(error)})`);
  }
  throw refusal(file, `larger than ${largestFile} bytes, so it is no configuration`);
}

async function readModule(file: string): Promise<ConfigFile> {
  try {
    const module: { default?: unknown } = await import(pathToFileURL(resolve(file)).href);
    return { file, values: asSettings(file, module.default), lineOf: () => undefined };
  } catch (error) {
    if (error instanceof SeawallError) throw error;
    throw refusal(file, `cannot be loaded (${messageOf(error)})`);
  }
}

/** The settings of a file, without `$schema`, which is meant for editors. */
function asSettings(file: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).filter(([key]) => key !== "$schema"));
  }
  throw refusal(file, "holds no settings; expected lines such as `steps: 300`");
}

/** The line of the longest part of a path that exists in the document. */
function lineOf(
  document: Document.Parsed,
  lines: LineCounter,
  path: readonly PropertyKey[],
): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === String(step));
      offset = rangeStart(pair?.key) ?? offset;
      node = pair?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = rangeStart(node) ?? offset;
    }
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

function rangeStart(node: unknown): number | undefined {
  return (node as { range?: readonly number[] } | undefined)?.range?.[0];
}

function refusal(where: string, problem: string): SeawallError {
  return new SeawallError("config", `${where}: ${problem}`);
}
