// Sets properties on Object.prototype, and compares the results of every public function with those without them.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Options, fields of documents and answers, members of the addon's requests and results, and internal names. */
const KEYS = `
  abi abis acceptRings acceptSharedPool action actions agent annotations answers arch archMap architecture
  architectures argv0 args argumentWidth allowed always bits bytes call calls cap capabilities capability caps captured captures close
  closeOnExec code column command comment compareArguments conditions conditional constant containerStart continue count cwd data
  defaultAction defaultErrno defaultErrnoRet descriptor detached differs distinguishing document effect encoding end env equals errno errnoRet
  error errors everything excludes execArgv execPath executable exitCode fd fields fds field file filter filterFlags filters findings
  first flags foreignAction format from gate gateHalf gid given handlers heard hidden holds host id includes index input instruction
  instructions ioVersion isRequired issue issues json keptCapabilities kernel key keys kind kinds last limits line linux list
  listener listenerMetadata listenerPath log low major mask maxBuffer member merge message metadata mess minKernel minor minus mode name
  names newerCalls nodes noNewPrivileges not notify notifyTimeout noneOf number numbers ociVersion offset on onViolation op opened options
  other others output own parts path permission pid policy proof properties prove question ranges read reading region remarks remedy required
  resource root rule rules rlimits schema seccomp severity shell signal silent size soft source sources spec spawn state states status stdio
  stdout step stopped subArchitectures supervised supervision syscall syscalls tests text thread threads tid timeout toJSON type typed uid
  unconfined unless unread valueTwo valid variant violations warnings watches weight when where why width with words x86 x32
`
  .trim()
  .split(/\s+/)
  // Properties that the language and Node's functions look up: elements beyond the ends of lists, iterators, options of
  // files.
  .concat('-1', '0', '1', 'length', 'position', Symbol.iterator);

const VALUES = {
  'a list of capabilities': ['CAP_SYS_ADMIN', 'CAP_SYS_CHROOT'],
  true: true,
  'a number': 0,
  'an object': { arches: ['amd64'], kind: 'allow' },
  'a text': 'unconfined',
  'a function': () => ({ continue: true }),
};

/**
 * With these on Object.prototype, Node's own functions do not start or end programs correctly either, and with
 * `encoding`, require() finds no file that it has not loaded yet.
 */
const OF_NODE = ['argv0', 'encoding', 'error', 'input', 'read', 'reading', 'signal'];
/** On Node 20, no function of node:fs works with this one. */
const OF_FILES = ['errno'];
const USING_FILES = ['files', 'listen'];
/** With this one, Node can't import a package: it reads elements that package.json does not have. */
const OF_PACKAGES = ['0'];
const keys = KEYS.filter((key) => !OF_NODE.includes(key));

async function withProperties(polluted, value, enumerable, work) {
  for (const key of polluted)
    Object.defineProperty(Object.prototype, key, {
      __proto__: null,
      value,
      enumerable,
      writable: true,
      configurable: true,
    });
  try {
    return await work();
  } finally {
    for (const key of polluted) delete Object.prototype[key];
  }
}

const { STEPS, textOf } = process.argv.includes('before') ? {} : await import('./every-function.mjs');

/** The result of each step, except those in `left`. */
async function results(left = [], steps = STEPS, text = textOf) {
  const texts = new Map();
  for (const [name, step] of Object.entries(steps)) {
    if (left.includes(name)) continue;
    try {
      texts.set(name, text(await step()));
    } catch (error) {
      texts.set(name, `thrown: ${error?.stack}`);
    }
  }
  return texts;
}

/** Two texts from their first difference on. */
function difference(text, expected) {
  const at = [...expected].findIndex((letter, i) => letter !== text[i]);
  const from = Math.max(0, at - 80);
  return `${text.slice(from, from + 400)}\n    expected ${expected.slice(from, from + 400)}`;
}

/** The properties with which Node itself can still import a file. */
async function importable(value) {
  const all = [];
  for (const key of keys) {
    const file = new URL(`./nothing.mjs?${String(key)}`, import.meta.url).href;
    if (await withProperties([key], value, true, () => import(file)).catch(() => false)) all.push(key);
  }
  return all.filter((key) => !OF_FILES.includes(key) && !OF_PACKAGES.includes(key));
}

/** Sets the properties before the package is loaded, and returns the results. */
async function before(described) {
  const polluted = described === 'nothing' ? [] : await importable(VALUES[described]);
  const texts = await withProperties(polluted, VALUES[described], true, async () => {
    const every = await import('./every-function.mjs');
    return results([], every.STEPS, every.textOf);
  });
  return [...texts];
}

function* inOtherProcesses() {
  const child = (described) => {
    const args = [fileURLToPath(import.meta.url), 'before', described];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
    try {
      return new Map(JSON.parse(stdout.trimEnd().split('\n').at(-1)));
    } catch {
      return new Map([['loadProfile', stderr]]);
    }
  };
  const expected = child('nothing');
  for (const described of Object.keys(VALUES)) yield { where: `as ${described}`, texts: child(described), expected };
}

async function* inThisProcess(isEach) {
  const expected = await results();
  const groups = isEach ? keys.map((key) => [key]) : [keys.filter((key) => !OF_FILES.includes(key)), keys];
  for (const { described, value, enumerable } of isEach ? waysToBe().slice(0, 2) : waysToBe()) {
    for (const polluted of groups) {
      const left = OF_FILES.some((key) => polluted.includes(key)) ? USING_FILES : [];
      const texts = await withProperties(polluted, value, enumerable, () => results(left));
      const where = `${isEach ? String(polluted[0]) : 'all keys'} as ${described}, ${enumerable ? 'enumerable' : 'hidden'}`;
      yield { where, texts, expected };
    }
  }
}

function waysToBe() {
  const values = Object.entries(VALUES);
  return [true, false].flatMap((enumerable) => values.map(([described, value]) => ({ described, value, enumerable })));
}

const [mode] = process.argv.slice(2);
if (mode === 'before') console.log(JSON.stringify(await before(process.argv[3])));
else {
  const found = [];
  for await (const { where, texts, expected } of mode === '--before'
    ? inOtherProcesses()
    : inThisProcess(mode === '--each')) {
    for (const [name, text] of texts)
      if (text !== expected.get(name)) found.push(`${name}, ${where}: ${difference(text, expected.get(name))}`);
  }
  console.log(JSON.stringify({ keys: keys.length, found }));
}
process.exit();
