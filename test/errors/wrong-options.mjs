/**
 * Gives the same wrong arguments and options to node:child_process and to a Sandbox, and prints what a program sees of
 * the errors, as JSON. This runs in a Node of its own, since test runners replace Error.prepareStackTrace.
 */
import * as node from 'node:child_process';
import { loadProfile, ProfileError, parseProfile, run, Sandbox, SeccompError } from 'seccomp';

const sandbox = new Sandbox('docker-default');

const OPTIONS = {
  cwd: [5, 'a\0b'],
  argv0: [5, 'a\0b'],
  uid: ['root', 1.5],
  gid: [2 ** 31, {}],
  shell: [5, 'a\0b'],
  timeout: [-1, 1.5, '5', Number.NaN],
  killSignal: ['SIGNOTHING', 1000, true, []],
};
const BOOLEANS = { detached: [1, 'yes'], windowsHide: [1], windowsVerbatimArguments: ['no'] };
const SIGNAL = { signal: [5, {}] };
const OUTPUT = { maxBuffer: [-1, 'much', Number.NaN] };

const FUNCTIONS = [
  ['spawn', { ...OPTIONS, ...BOOLEANS, ...SIGNAL, serialization: ['xml'], stdio: ['nothing'] }],
  ['spawnSync', { ...OPTIONS, ...BOOLEANS, ...OUTPUT, input: [5, {}] }],
  ['execFile', { ...OPTIONS, ...SIGNAL, ...OUTPUT }],
  ['execFileSync', { ...OPTIONS, ...OUTPUT, input: [5, {}] }],
];

const ARGUMENTS = {
  'no command': ({ spawn }) => spawn(),
  'an empty command': ({ spawn }) => spawn(''),
  'a command with NUL': ({ spawn }) => spawn('a\0b'),
  'an argument with NUL': ({ spawn }) => spawn('true', ['a', 'b\0c']),
  'a number as arguments': ({ spawn }) => spawn('true', 5),
  'a number as options': ({ spawn }) => spawn('true', [], 5),
  'a symbol as command of execSync': ({ execSync }) => execSync(Symbol('x')),
  'a number as callback': ({ execFile }) => execFile('true', [], {}, 5),
  'a number as module': ({ fork }) => fork(5),
  'a text as arguments of fork': ({ fork }) => fork('x.js', 'text'),
};

/** Everything of an error that a program may print or compare, but for the frames of its stack. */
function facets(error) {
  const { name, code, message } = error;
  const firstLine = error.stack.slice(0, error.stack.indexOf('\n    at '));
  const base = [TypeError, RangeError].filter((Class) => error instanceof Class).map((Class) => Class.name);
  const keys = Object.keys(error);
  return { name, code, message, text: String(error), firstLine, base, keys, hasOwnName: Object.hasOwn(error, 'name') };
}

function facetsOf(action) {
  try {
    action();
    return 'no error';
  } catch (error) {
    return facets(error);
  }
}

const both = (title, call) => ({ title, node: facetsOf(() => call(node)), ours: facetsOf(() => call(sandbox)) });

const pairs = [
  ...FUNCTIONS.flatMap(([name, options]) =>
    Object.entries(options).flatMap(([option, values]) =>
      values.map((value) =>
        both(`${name} with ${option} ${typeof value} ${value}`, (by) => by[name]('true', [], { [option]: value })),
      ),
    ),
  ),
  ...Object.entries(ARGUMENTS).map(([title, call]) => both(title, call)),
  {
    title: 'a rejected promise',
    node: facetsOf(() => node.spawn('true', { timeout: -1 })),
    ours: await run('true', 'docker-default', { timeout: -1 }).catch(facets),
  },
];

const own = {
  SeccompError: facetsOf(() => loadProfile('dokcer-default')),
  ProfileError: facetsOf(() => parseProfile('{')),
  'a new SeccompError': facets(new SeccompError('ERR_SECCOMP_FILE', 'gone', { cause: new TypeError('mine') })),
  'a new ProfileError': facets(new ProfileError('p', [{ severity: 'error', path: '', message: 'bad' }])),
};

console.log(JSON.stringify({ pairs, own }));
