// Sets properties on Object.prototype, and compares the results of every public function with those without them. Modes:
// `gate`, rounds in which properties have different values; `all`, where all have the same value of each kind;
// `each`, one property at a time.
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

/** The properties of a round, with the value of each. */
const one = (value) => keys.map((key) => [key, value]);
/** Gives neighbours different values: with each shift, every property has another one of six. */
const mixed = (shift) => keys.map((key, i) => [key, Object.values(VALUES)[(i + shift) % 6]]);

async function withProperties(polluted, enumerable, work) {
  for (const [key, value] of polluted)
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
    for (const [key] of polluted) delete Object.prototype[key];
  }
}

const without = (polluted, left) => polluted.filter(([key]) => !left.includes(key));

/** The result of each step with these properties; of those that use files, without the ones that break node:fs. */
async function results({ STEPS, textOf }, polluted, enumerable) {
  const texts = new Map();
  const run = async (name) => {
    try {
      texts.set(name, textOf(await STEPS[name]()));
    } catch (error) {
      texts.set(name, `thrown: ${error?.stack}`);
    }
  };
  const all = Object.keys(STEPS);
  await withProperties(polluted, enumerable, async () => {
    for (const name of all) if (!USING_FILES.includes(name)) await run(name);
  });
  await withProperties(without(polluted, OF_FILES), enumerable, async () => {
    for (const name of USING_FILES) await run(name);
  });
  return texts;
}

/** Two texts from their first difference on. */
function difference(text, expected) {
  const at = [...expected].findIndex((letter, i) => letter !== text[i]);
  const from = Math.max(0, at - 80);
  return `${text.slice(from, from + 400)}\n    expected ${expected.slice(from, from + 400)}`;
}

/** The properties with which Node itself can still import a file. */
async function importable(polluted) {
  const all = [];
  for (const [key, value] of without(polluted, [...OF_FILES, ...OF_PACKAGES])) {
    const file = new URL(`./nothing.mjs?${String(key)}`, import.meta.url).href;
    if (await withProperties([[key, value]], true, () => import(file)).catch(() => false)) all.push([key, value]);
  }
  return all;
}

/** Loads the package with the properties in place, and returns the results with them. */
async function resultsFromTheStart(polluted) {
  const first = await importable(polluted);
  const every = await withProperties(first, true, () => import('./every-function.mjs'));
  return results(every, polluted, true);
}

/** These results, in another process. */
function fromTheStart(name) {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), '--start', name],
    {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    },
  );
  try {
    return new Map(JSON.parse(stdout.trimEnd().split('\n').at(-1)));
  } catch {
    return new Map([['loadProfile', stderr]]);
  }
}

const values = Object.entries(VALUES);
/** Each round has a name, and properties that are enumerable or hidden. */
const ROUNDS = {
  gate: [['mixed values', mixed(3), false]],
  all: [true, false].flatMap((enumerable) => values.map(([name, value]) => [`all as ${name}`, one(value), enumerable])),
  each: keys.flatMap((key) =>
    values.slice(0, 2).map(([name, value]) => [`${String(key)} as ${name}`, [[key, value]], true]),
  ),
};
/** The rounds whose properties exist before the package is loaded. */
const STARTS = { gate: ['mixed'], all: Object.keys(VALUES), each: [] };

const [mode = 'gate', start] = process.argv.slice(2);
if (mode === '--start') {
  console.log(JSON.stringify([...(await resultsFromTheStart(start === 'mixed' ? mixed(1) : one(VALUES[start])))]));
} else {
  const found = [];
  const every = await import('./every-function.mjs');
  const expected = await results(every, [], true);
  const compare = (where, texts) => {
    for (const [name, text] of texts)
      if (text !== expected.get(name)) found.push(`${name}, ${where}: ${difference(text, expected.get(name))}`);
  };
  for (const [name, polluted, enumerable] of ROUNDS[mode])
    compare(`${name}, ${enumerable ? 'enumerable' : 'hidden'}`, await results(every, polluted, enumerable));
  for (const name of STARTS[mode]) compare(`${name}, before the package is loaded`, fromTheStart(name));
  console.log(JSON.stringify({ keys: keys.length, found }));
}
process.exit();
