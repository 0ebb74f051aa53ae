/** Sentences of the command line in the page's words: the page has fields in the place of some flags, and lacks others. */

/** Flags with what follows them, and what the page has instead. */
const fields: readonly (readonly [RegExp, string])[] = [
  [/--labels self/g, "no labels"],
  [/--ignore-label/g, "“Ignored label”"],
];

/** `(--crop, --resize-short)`, with the values that flags are given. */
const inBrackets = / \(--[a-z][^()]*\)/g;

/** `--data folder:images: `, which says where a mistake is. */
const atStart = /^--[a-z-]+ \S+: /;

const elsewhere = "seawall eval has a setting for this";

/** The sentence without flags: parts that name one that the page does not have say that `seawall eval` has it. */
export function inPageWords(sentence: string): string {
  const plain = fields.reduce((text, [flag, words]) => text.replace(flag, words), sentence);
  // Every other piece is what parts them: a comma, a colon or a semicolon.
  const pieces = plain
    .replace(atStart, "")
    .replace(inBrackets, "")
    .split(/([,;:] )/);
  const isForeign = (piece: string) => /(^|\s)--[a-z]/.test(piece);
  const first = pieces.findIndex(isForeign);
  return pieces
    .map((piece, i) => (i === first ? elsewhere : piece))
    .filter((piece, i) => i <= first || !(isForeign(piece) || isForeign(pieces[i + 1] ?? "")))
    .join("");
}
