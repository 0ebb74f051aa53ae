/** Damage to values of JSON, in which every field keeps its place. */
import { numbers, texts } from "./values.mjs";

const mutations = {
  "another type": (_, chance) =>
    chance.of([null, true, "text", 7, [], {}, [[]], { length: 5 }, ["a", 1, null], [1, 2, 3, 4, 5, 6, 7, 8]]),
  "another number": (_, chance) => chance.of(numbers),
  "another text": (_, chance) => chance.of(texts),
  "the negative": (old) => (typeof old === "number" ? -old - 1 : `-${old}`),
  "a little more": (old) => (typeof old === "number" ? old + 1 : `${old}x`),
  "a list around": (old) => [old],
  "deep lists": (old, chance) => nested(old, chance.of([3, 50, 200]), (inner) => [inner]),
  "deep objects": (old, chance) => nested(old, chance.of([3, 50, 200]), (inner) => ({ a: inner })),
  "a long list": (old, chance) => repeated(old, chance.of([2, 1000, 100_000])),
};

/** At most some megabytes of text, as the value may be a whole file already. */
function repeated(value, count) {
  const length = Math.min(count, 2 ** 21 / JSON.stringify(value ?? null).length);
  return Array.from({ length }, () => value);
}

function nested(value, depth, around) {
  let outer = value;
  for (let i = 0; i < depth; i++) outer = around(outer);
  return outer;
}

const fieldMutations = {
  "a field removed": (owner, key) => {
    if (Array.isArray(owner)) owner.splice(Number(key), 1);
    else delete owner[key];
  },
  "a field renamed": (owner, key, chance) => {
    const value = owner[key];
    if (!Array.isArray(owner)) delete owner[key];
    setOwn(owner, chance.of([...texts, key.toUpperCase(), `${key}s`]), value);
  },
  "a field added": (owner, key, chance) => setOwn(owner, chance.of(texts), owner[key]),
  "two fields swapped": (owner, key, chance) => {
    const other = chance.of(Object.keys(owner));
    [owner[key], owner[other]] = [owner[other], owner[key]];
  },
};

/** Also for `__proto__`, which an assignment would take as the prototype. */
function setOwn(owner, key, value) {
  Object.defineProperty(owner, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Damages one field of a JSON value, which is changed in place. @returns the mutation's name and the field's path */
export function damagedTree(root, chance) {
  const places = placesIn(root);
  if (places.length === 0) return { name: "nothing to change", path: "" };
  const { owner, key, path } = chance.of(places);
  if (chance.is(0.25)) return { name: chance.mutate(fieldMutations, owner, key).name, path };
  const { name, value } = chance.mutate(mutations, owner[key]);
  setOwn(owner, key, value);
  return { name, path };
}

/** Every field of a value, at any depth. */
function placesIn(value, path = "") {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((key) => {
    const own = path === "" ? key : `${path}.${key}`;
    return [{ owner: value, key, path: own }, ...placesIn(value[key], own)];
  });
}
