/** The fields of a zod schema in words, for the pages that describe files. */
import { z } from "zod";

/** The part of JSON Schema that our schemas come out as. */
const nodeSchema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.string()).optional(),
  const: z.union([z.number(), z.string(), z.boolean()]).optional(),
  anyOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  additionalProperties: z.unknown().optional(),
  prefixItems: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});
type Node = z.infer<typeof nodeSchema>;

export interface Field {
  /** `protocol.eps`; `robust[].eps` for what each entry of a list has, `versions.*` for any key. */
  readonly path: string;
  readonly type: string;
  /** May be absent. */
  readonly optional: boolean;
}

/** Every field of an object schema, in its order; those of nested objects stand in place of the object. */
export function fieldsOf(schema: z.ZodType, io: "input" | "output" = "output"): Field[] {
  return fields(nodeSchema.parse(z.toJSONSchema(schema, { io })), "");
}

function fields(node: Node, prefix: string): Field[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, value]) =>
    fieldsAt(nodeSchema.parse(value), prefix + name, !(node.required ?? []).includes(name)),
  );
}

function fieldsAt(node: Node, path: string, optional: boolean): Field[] {
  const entry = node.type === "array" && node.items ? nodeSchema.parse(node.items) : undefined;
  const below = node.properties ? fields(node, `${path}.`) : entry?.properties && fields(entry, `${path}[].`);
  if (!below) return [{ path, type: typeOf(node), optional }];
  return optional ? below.map((field) => ({ ...field, optional: true })) : below;
}

/** The type of a value in words: `whole number ≥ 1`, `list of text`. */
export function typeOf(node: Node): string {
  if (Array.isArray(node.type)) return node.type.map((type) => typeOf({ ...node, type })).join(" or ");
  if (node.anyOf) return node.anyOf.map((part) => typeOf(nodeSchema.parse(part))).join(" or ");
  if (node.enum) return node.enum.map((value) => `\`${value}\``).join(" or ");
  if (node.const !== undefined) return `\`${node.const}\``;
  if (node.prefixItems) return `\`[${node.prefixItems.map(() => "…").join(", ")}]\``;
  if (node.type === "array") return `list of ${typeOf(nodeSchema.parse(node.items ?? {}))}`;
  if (node.type === "integer") return `whole number${least(node)}`;
  if (node.type === "number") return node.maximum === 1 ? "number from 0 to 1" : `number${least(node)}`;
  return named[String(node.type)] ?? "any JSON";
}

const named: Readonly<Record<string, string>> = {
  string: "text",
  boolean: "true or false",
  null: "null",
  object: "object",
};

function least({ minimum }: Node): string {
  return minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? "" : ` ≥ ${minimum}`;
}
