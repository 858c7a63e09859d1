/** The option `paths` decides accesses as predicted from the rules that are made of it. */
import { constants, statSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Violation } from '../../lib/index.js';
import { type Paths, pathRules, readPaths } from '../../lib/landlock/paths/option.js';
import { predict, type Ruleset } from '../../lib/landlock/paths/prediction.js';
import { ALL_RIGHTS, RIGHTS_OF_FILES } from '../../lib/landlock/paths/rights.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { describeUnless } from '../support/describe-unless.js';
import { answersUnder, landlockAbi, program } from './accesses.js';
import { places, type Scenario, scenario, tryUntil } from './scenarios.js';

const ACCESSES = Number(process.env['SECCOMP_TEST_ACCESSES'] ?? 900);
const EACH = 60;

const { rights: handled, reason } = pathsSupport();

describeUnless(reason ?? undefined, 'a child with paths', () => {
  const abi = landlockAbi();
  const directories = reason === null ? places(abi) : [];

  test('is denied what is predicted, and nothing else', async () => {
    const results = new Set<string>();
    const property = fc.asyncProperty(scenario(directories, abi, EACH), choices, ends, async (each, chosen, end) => {
      const paths = pathsOf(each, chosen);
      const { answers } = await answersUnder(paths, each, { descendants: end });
      const ruleset = rulesetOf(paths, each);
      const wrong = each.attempts.flatMap(({ access, words }, i) => {
        const { outside, inside } = answers[i] ?? expect.fail('no answer');
        const prediction = predict(ruleset, access, each.tree);
        const expected = prediction.allowed ? outside : prediction.errno;
        results.add(prediction.allowed ? 'allowed' : prediction.errno);
        return expected === inside ? [] : [`${words}: predicted ${expected}, found ${inside}`];
      });
      expect(wrong, JSON.stringify(paths)).toEqual([]);
    });
    await tryUntil(property, 8, () => results.size >= 3);
    expect([...results].sort()).toEqual(['EACCES', 'EXDEV', 'allowed']);
  });

  test('is reported what it is denied, and nothing else', async () => {
    const results = new Set<string>();
    const reporting = { onViolation: true, reportPaths: true };
    const property = fc.asyncProperty(scenario(directories, abi, EACH), choices, ends, async (each, chosen, end) => {
      const paths = pathsOf(each, chosen);
      const { answers, violations } = await answersUnder(paths, each, { ...reporting, descendants: end });
      const denied = each.attempts.flatMap(({ access, words }, i) => {
        const { outside, inside } = answers[i] ?? expect.fail('no answer');
        const isDenied = inside !== outside && access.kind !== 'ioctl'; // No call with a path.
        return isDenied ? [`${inside} ${callOf(words)}`] : [];
      });
      // A file system that is mounted noexec denies the same with the same error.
      const both = each.attempts.flatMap(({ access, words }, i) =>
        access.kind === 'execute' && answers[i]?.outside === 'EACCES' ? [`EACCES ${callOf(words)}`] : [],
      );
      const reported = violations
        .map((violation) => `${errnoOf(violation)} ${callIn(violation)}`)
        .filter((each) => !both.includes(each));
      for (const each of reported) results.add(each.split(' ').slice(0, 2).join(' '));
      expect(reported.sort(), JSON.stringify(paths)).toEqual([...new Set(denied)].sort());
    });
    await tryUntil(property, Math.ceil(ACCESSES / EACH), () => results.size >= REPORTED.length);
    expect([...results].sort()).toEqual(REPORTED);
  });
});

const REPORTED = [
  ...['execve', 'link', 'mkdir', 'mknod', 'open', 'rename', 'rmdir', 'symlink', 'truncate', 'unlink'].map(
    (name) => `EACCES ${name}`,
  ),
  'EXDEV link',
  'EXDEV rename',
];

const { O_NONBLOCK, O_NOFOLLOW, O_CREAT, O_TRUNC } = constants;
const O_CLOEXEC = 0o2_000_000;
const O_TMPFILE = 0o20_000_000 | constants.O_DIRECTORY;
const ALWAYS = O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | constants.O_NOCTTY;
const OPEN_FLAGS = new Map([
  ...Object.entries({ r: 0, w: 1, b: 2, n: 3, p: 0o10_000_000, c: O_CREAT, t: O_TRUNC, m: O_TMPFILE }),
]);

/** The call that accesses.c makes for an access, and what it names. */
function callOf(words: string): string {
  const [verb, word = '', first, second] = words.split(' ');
  switch (verb) {
    case 'open': {
      const flags = [...word].reduce((all, letter) => all | (OPEN_FLAGS.get(letter) ?? 0), ALWAYS);
      return `open ${flags} ${first}`;
    }
    case 'create':
      return word === 'directory'
        ? `mkdir ${first}`
        : word === 'symlink'
          ? `symlink ${first}`
          : `mknod ${word} ${first}`;
    case 'remove':
      return `${word === 'directory' ? 'rmdir' : 'unlink'} ${first}`;
    case 'execute':
      return `execve ${first}`;
    case 'exchange':
      return `rename 2 ${first} ${second}`;
    case 'rename':
      return `rename 0 ${first} ${second}`;
    case 'link':
      return `link ${first} ${second}`;
    default:
      return `${verb} ${first}`;
  }
}

const MODES = new Map([
  [0o010_000, 'fifo'],
  [0o140_000, 'socket'],
  [0o020_000, 'char'],
  [0o060_000, 'block'],
  [0o100_000, 'file'],
]);

/** The same for a violation. Which of several calls a C library makes depends on the ABI. */
function callIn({ syscall, args, captured }: Violation): string {
  const names = captured.flatMap((each) => (each === null ? [] : [Buffer.from(each, 'hex').toString()]));
  const number = (index: number) => Number(args[index]);
  switch (syscall) {
    case 'open':
    case 'openat':
      return `open ${number(syscall === 'open' ? 1 : 2) & ~O_LARGEFILE} ${names}`;
    case 'mknod':
    case 'mknodat':
      return `mknod ${MODES.get(number(syscall === 'mknod' ? 1 : 2) & 0o170_000)} ${names}`;
    case 'unlinkat':
      return `${number(2) === 0 ? 'unlink' : 'rmdir'} ${names}`;
    case 'rename':
    case 'renameat':
      return `rename 0 ${names.join(' ')}`;
    case 'renameat2':
      return `rename ${number(4)} ${names.join(' ')}`;
    default:
      return `${syscall.replace(/at$/, '')} ${names.join(' ')}`;
  }
}

const O_LARGEFILE = 0o100_000; // On x86_64, where the kernel ignores it.

const errnoOf = ({ action }: Violation) =>
  action.kind === 'errno' && action.errno === osConstants.errno.EXDEV ? 'EXDEV' : 'EACCES';

/** Without a guardian, and with one, whose domain the child is in as well. */
const ends = fc.constantFrom('leave', 'kill');
const list = fc.array(fc.nat({ max: 1 << 20 }), { maxLength: 3 });
const choices = fc.record({ read: list, write: list, execute: list });

/** Some of the files of a scenario, and of the directories above them. */
function pathsOf({ nodes, place }: Scenario, chosen: Record<'read' | 'write' | 'execute', readonly number[]>): Paths {
  const paths = nodes.filter(({ what }) => what !== 'symlink').map(({ path }) => path);
  const candidates = [...paths, ...paths, place, '/', '/dev', '/dev/null', '@system'];
  const pick = (indexes: readonly number[]) => indexes.map((index) => candidates[index % candidates.length] ?? '/');
  return {
    read: pick(chosen.read),
    write: pick(chosen.write).filter((path) => path !== '@system'),
    execute: pick(chosen.execute),
  };
}

/** The rules of `paths`, without what the kernel refuses for files. */
function rulesetOf(paths: Paths, { place, nodes }: Scenario): Ruleset {
  const types = new Map(nodes.map(({ path, what }) => [path, what]));
  const isDirectory = (path: string) =>
    types.has(path)
      ? types.get(path) === 'directory'
      : (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true);
  const subject = { directory: place, needs: [program()], files: [], isNode: false, tmp: undefined };
  const rules = pathRules(readPaths(paths), subject).map(({ path, rights }) => ({
    path,
    rights: rights & handled & (isDirectory(path) ? ALL_RIGHTS : RIGHTS_OF_FILES),
  }));
  return { handled, rules };
}
