/** What programs wrote, without what changes from run to run: times, and sentences, which go into a file apart. */

/** Keys whose values are clock readings or what the machine is. */
const unstable = /seconds$|^(imagesPerSecond|started|ended|finished|updated|created|host|pid)$/i;
/** Keys of prose: rewording a message is not a change of a result. */
const prose = /^(detail|means|remedy|notices|summary|hint)$/;
/** Versions, and the hash of how the settings were spelled, of `run.json`. */
const versions = /^(versions|configSha256)$/;

/** Splits JSON text into {facts, words}: without unstable keys, and prose by its path. */
export function splitJson(text) {
  const words = [];
  const facts = strip(JSON.parse(text), "", words);
  return { facts: `${JSON.stringify(facts, null, 1)}\n`, words: words.map((line) => `${line}\n`).join("") };
}

/** The same for a file of JSON lines; `sorted` for journals whose lines come from several workers. */
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
