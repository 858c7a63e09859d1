// Reports each place in this package where the lookup of a property reaches Object.prototype, whose properties could
// change the result.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

/**
 * Each word of the package's code may be the name of a property. The language itself reads properties of descriptors
 * and iterators.
 */
const LANGUAGE = ['get', 'set', 'value', 'writable', 'enumerable', 'configurable', 'return', 'then', 'undefined'];
const words = new Set(
  readdirSync(dist, { recursive: true })
    .filter((name) => /\.c?js$/.test(name) && !/numbers|ready/.test(name))
    .flatMap((name) => readFileSync(dist + name, 'utf8').match(/[A-Za-z_$][\w$]*/g) ?? []),
);
for (const word of [...LANGUAGE, ...Object.getOwnPropertyNames(Object.prototype)]) words.delete(word);
/** Array elements beyond the ends: `list[-1]`, `list[list.length]`. A program has at most 4,096 instructions. */
const indices = new Set(Array.from({ length: 4200 }, (_, i) => String(i - 1)));

const found = new Set();
let isOn = false;
/** Finding the origin of a lookup is slow, and most lookups are Node's own. */
const MOST_LOOKS = 300;
const looks = new Map();

function report(kind, key) {
  const count = (looks.get(key) ?? 0) + 1;
  looks.set(key, count);
  if (count > MOST_LOOKS) return;
  const holder = { __proto__: null };
  Error.captureStackTrace(holder, report);
  const [, , ...frames] = holder.stack.split('\n');
  const first = frames.find((frame) => !frame.endsWith('(<anonymous>)')) ?? '';
  // A module sets its exports. A setter that it would call cannot come from the data of a document.
  const isExport = kind === 'set' && first.includes(' at Object.<anonymous> (');
  if (first.includes(dist) && !isExport) found.add(`${kind} ${key} ${first.trim().replace(dist, '')}`);
}

for (const key of [...words, ...indices]) {
  Object.defineProperty(Object.prototype, key, {
    __proto__: null,
    configurable: true,
    get() {
      if (isOn) report('get', key);
      return undefined;
    },
    set(value) {
      // Pushing an element sets an index. A setter for an index cannot come from the data of a document.
      if (isOn && !indices.has(key)) report('set', key);
      Object.defineProperty(this, key, {
        __proto__: null,
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    },
  });
}

/** The package is loaded with the properties in place: what it looks up while it loads is reported too. */
isOn = true;
const { STEPS } = await import('./every-function.mjs');
isOn = false;

const failed = [];
for (const [name, step] of Object.entries(STEPS)) {
  looks.clear();
  isOn = true;
  try {
    await step();
  } catch (error) {
    failed.push(`${name} failed: ${error.stack}`);
  }
  isOn = false;
}
for (const key of [...words, ...indices]) delete Object.prototype[key];
console.log(JSON.stringify({ words: words.size, found: [...found].sort(), failed }));
process.exit();
