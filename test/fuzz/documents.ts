/** Damages documents: changes the characters and trees of profiles in ways that break parsers. */
import { type Random, stringOf } from './random.js';

/** Values that replace others. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  5,
  6,
  4094,
  4095,
  65_536,
  2 ** 31,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  '',
  'read',
  'socketcall',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_NOTIFY',
  'SCMP_CMP_MASKED_EQ',
  'SCMP_ARCH_X32',
  '\u017Fyscalls',
  '\uD800',
  [],
  {},
  [[]],
  [null],
];

/** Numbers that replace others in the text, because JSON.stringify could not write them. */
const NUMBERS = ['9007199254740992', '9007199254740993', '18446744073709551615', '18446744073709551616', '1e3', '-0'];

const KEYS = ['__proto__', 'constructor', 'name', 'names', 'errno', 'comment', 'minKernel', 'ſyscalls', '\uDFFF', ''];

/** Returns the text with one to four changes to its tree or its characters. */
export function damaged(random: Random, text: string, other: string): string {
  let changed = text;
  for (let times = random.below(4); times >= 0; times--) {
    changed = random.below(3) === 0 ? inCharacters(random, changed, other) : inTree(random, changed);
  }
  return changed;
}

function inCharacters(random: Random, text: string, other: string): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + random.below(20));
  switch (random.below(6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(end);
    case 2:
      return text.slice(0, at) + text.slice(at, end) + text.slice(at);
    case 3:
      return text.slice(0, at) + other.slice(at, at + random.below(200)) + text.slice(end);
    case 4:
      return text.slice(0, at) + stringOf(random) + text.slice(end);
    default:
      return text.replaceAll(/(?<=: )\d+/g, (number) => (random.below(4) === 0 ? random.of(NUMBERS, number) : number));
  }
}

/** Changes one value of the tree. Text that is not JSON any more stays as it is. */
function inTree(random: Random, text: string): string {
  try {
    return JSON.stringify(changed(random, JSON.parse(text)), null, random.below(2)) ?? 'null';
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function changed(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random.below(12) === 0) return random.of(VALUES, null);
  const entries: [string, unknown][] = Object.entries(value);
  const at = random.below(entries.length);
  const [key = '', item] = entries[at] ?? [];
  switch (random.below(9)) {
    case 0:
      entries.splice(at, 1);
      break;
    case 1:
      entries.splice(random.below(entries.length + 1), 0, [key.toUpperCase(), item]); // The same key to Go.
      break;
    case 2:
      entries[at] = [random.of(KEYS, ''), item];
      break;
    case 3:
      entries[at] = [random.below(2) === 0 ? key.toUpperCase() : `${key} `, item];
      break;
    default:
      if (entries.length > 0) entries[at] = [key, changed(random, item)];
  }
  if (Array.isArray(value)) return entries.map(([, each]) => each);
  const object: unknown = Object.fromEntries(entries);
  return object;
}
