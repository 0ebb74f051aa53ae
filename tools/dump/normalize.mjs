/** Removes from output files what changes between runs: times. Sentences go to a separate file. */

/** Keys whose values are times, or properties of the machine. */
const unstable = /seconds$|^(imagesPerSecond|started|ended|finished|updated|created|host|pid)$/i;
/** Keys of sentences, since a reworded message is not a changed result. */
const prose = /^(detail|means|remedy|notices|summary|hint)$/;
/** Keys of `run.json` and of journal lines: versions, the hash of the settings' spelling, digests of these and of times. */
const versions = /^(versions|configSha256|identity|seal)$/;

/** Splits JSON text into {facts, words}: the values without unstable keys, and the sentences with their paths. */
export function splitJson(text) {
  const words = [];
  const facts = strip(JSON.parse(text), "", words);
  return { facts: `${JSON.stringify(facts, null, 1)}\n`, words: words.map((line) => `${line}\n`).join("") };
}

/** As above, for a file of JSON lines. `sorted` is for journals that several workers write. */
export function splitLines(text, sorted) {
  const lines = text.trim().split("\n").filter(Boolean);
  const facts = lines.map((line) => JSON.stringify(strip(JSON.parse(line), "", [])));
  if (sorted) facts.sort();
  return { facts: facts.map((line) => `${line}\n`).join(""), words: "" };
}

function strip(value, path, words) {
  if (Array.isArray(value)) return value.map((item, i) => strip(item, `${path}/${i}`, words));
  if (typeof value !== "object" || value === null) return value;
  const kept = {};
  for (const [key, item] of Object.entries(value)) {
    if (unstable.test(key) || versions.test(key)) continue;
    if (prose.test(key)) words.push(`${path}/${key} ${JSON.stringify(item)}`);
    else kept[key] = strip(item, `${path}/${key}`, words);
  }
  return kept;
}
