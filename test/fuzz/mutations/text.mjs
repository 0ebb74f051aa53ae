/** Damage to text files: lists, tables, settings. */
import { damaged } from "./bytes.mjs";
import { integers, texts } from "./values.mjs";

/** A mutation of one line. */
const ofLine = (change) => (text, chance) => {
  const lines = text.split("\n");
  const i = chance.below(lines.length);
  lines[i] = change(lines[i], chance);
  return lines.join("\n");
};

const mutations = {
  "a number": (text, chance) => {
    const places = [...text.matchAll(/\d+/g)];
    const place = chance.of(places);
    if (!place) return `${text}${chance.of(integers)}`;
    return text.slice(0, place.index) + chance.of(integers) + text.slice(place.index + place[0].length);
  },
  "a line replaced": ofLine((_, chance) => chance.of(texts)),
  "a line longer": ofLine((line, chance) => line + chance.of(texts)),
  "a line twice": ofLine((line) => `${line}\n${line}`),
  "a line removed": (text, chance) => {
    const lines = text.split("\n");
    lines.splice(chance.below(lines.length), 1);
    return lines.join("\n");
  },
  "very many lines": (text) => text + Array.from({ length: 100_000 }, (_, i) => `name${i}`).join("\n"),
  "a very long line": (text) => text + "a,1 ".repeat(1_000_000),
  "no text": () => "",
  "other ends of lines": (text) => text.replaceAll("\n", "\r"),
  "another encoding": (text) => Buffer.from(`\ufeff${text}`, "utf16le"),
  "a mark before it": (text) => `\ufeff${text}`,
  bytes: (text, chance) => damaged(Buffer.from(text), chance).value,
};

/** @returns the mutation's name and the damaged text, or its bytes */
export function damagedText(text, chance) {
  return chance.mutate(mutations, text);
}
