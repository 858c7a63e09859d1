/** Random trees of files, rulesets for them, and accesses to them. */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { FileAccess, FileTree, FileType, Rule, Ruleset } from '../../lib/landlock/paths/prediction.js';
import { bitsOf, GRANTS, RIGHTS, RIGHTS_OF_FILES, type Right } from '../../lib/landlock/paths/rights.js';
import { SEED } from '../support/seed.js';

/** An access, and the words by which accesses.c makes it. */
export interface Attempt {
  readonly access: FileAccess;
  readonly words: string;
}

export interface Scenario {
  /** The directory in which accesses.c runs. */
  readonly place: string;
  /** The statements that make the files. */
  readonly files: readonly string[];
  /** The files, the directory that all are in first. */
  readonly nodes: readonly Node[];
  readonly tree: FileTree;
  readonly ruleset: Ruleset;
  readonly attempts: readonly Attempt[];
}

/** A file, with the path of its first name. */
export interface Node {
  readonly path: string;
  readonly what: FileType;
  readonly identity: string;
}

const DEVICES = ['/dev/null', '/dev/zero'];

/**
 * New directories for scenarios: with the temporary files and on a mount of its own, if this machine has one. There,
 * kernels before 6.15 (ABI 7) allow some moving that a ruleset without REFER denies.
 */
export function places(abi: number): readonly string[] {
  // After chroot(2), the kernel looks at directories above `/`, which lastCompared() does not know.
  const hasOtherMount = existsSync('/dev/shm') && MOUNTS.includes('/');
  const parents = [realpathSync(tmpdir()), ...(abi >= 7 && hasOtherMount ? ['/dev/shm'] : [])];
  const made = parents.map((parent) => mkdtempSync(join(parent, 'seccomp-landlock-')));
  process.on('exit', () => made.map((path) => rmSync(path, { recursive: true, force: true })));
  return made;
}

const MOUNTS = readFileSync('/proc/self/mountinfo', 'utf8')
  .split('\n')
  .flatMap((line) => line.split(' ')[4] ?? []);

function mountPoint(path: string): string {
  const above = MOUNTS.filter((mount) => mount === '/' || path === mount || path.startsWith(`${mount}/`));
  return above.reduce((a, b) => (b.length > a.length ? b : a), '/');
}

/** Some of the rights that exist in one version of Landlock. */
function handledRights(abi: number): fc.Arbitrary<number> {
  const names = Object.keys(RIGHTS) as Right[];
  const levels = [1, 2, 3, 5].filter((level) => level <= abi);
  const upTo = (level: number) => bitsOf(...names.filter((name) => RIGHTS[name].abi <= level));
  const some = fc.integer({ min: 1, max: upTo(abi) });
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...levels.map(upTo)) },
    { weight: 1, arbitrary: some.map((bits) => bits & upTo(abi)).filter((bits) => bits !== 0) },
    { weight: 1, arbitrary: fc.constantFrom(...levels.map((level) => upTo(level) & bitsOf('REFER', 'EXECUTE'))) },
  );
}

/** What moving files needs. With a rule for these, it depends on all other rights whether a file may be moved. */
const MOVING = GRANTS.write & ~bitsOf('READ_FILE', 'READ_DIR', 'WRITE_FILE', 'TRUNCATE', 'IOCTL_DEV');

/** The rights of a rule. All and none are frequent, so that accesses to one file are both allowed and denied. */
const granted = fc.oneof(
  fc.constant(-1),
  fc.integer({ min: 1, max: 0x1ffff }),
  fc.nat({ max: 15 }).map((bit) => 1 << bit),
  fc.nat({ max: 15 }).map((bit) => ~(1 << bit)),
  fc.constantFrom(...Object.values(GRANTS)),
);

const index = fc.nat({ max: 1 << 20 });
const KINDS = [
  'open',
  'open',
  'create',
  'remove',
  'rename',
  'rename',
  'rename',
  'exchange',
  'exchange',
  'link',
  'link',
  'other',
] as const;
const MADE = [
  'directory',
  'directory',
  'directory',
  'file',
  'file',
  'symlink',
  'fifo',
  'socket',
  'hard',
  'hard',
] as const;

/** Scenarios with up to `size` accesses, most of them with as many, for a kernel with this version of Landlock. */
export function scenario(directories: readonly string[], abi: number, size: number): fc.Arbitrary<Scenario> {
  return fc
    .record({
      place: fc.constantFrom(...directories),
      made: fc.array(fc.record({ type: fc.constantFrom(...MADE), where: index }), { minLength: 4, maxLength: 14 }),
      handled: handledRights(abi),
      mayMove: fc.boolean(),
      granted: fc.array(fc.record({ where: index, rights: granted }), { maxLength: 6 }),
      tried: fc.array(fc.record({ kind: fc.constantFrom(...KINDS), from: index, to: index, how: index }), {
        minLength: 1,
        maxLength: 4 * size,
        size: 'max',
      }),
    })
    .map((choices) => scenarioOf(choices, size));
}

interface Choices {
  readonly place: string;
  readonly made: readonly { readonly type: (typeof MADE)[number]; readonly where: number }[];
  readonly handled: number;
  readonly mayMove: boolean;
  readonly granted: readonly { readonly where: number; readonly rights: number }[];
  readonly tried: readonly Tried[];
}

interface Tried {
  readonly kind: (typeof KINDS)[number];
  readonly from: number;
  readonly to: number;
  readonly how: number;
}

function scenarioOf({ place, made, tried, ...chosen }: Choices, size: number): Scenario {
  const top = join(place, 'tree');
  const nodes: Node[] = [{ path: top, what: 'directory', identity: top }];
  const files: string[] = [];
  for (const { type, where } of made) {
    const path = join(pick(directoriesOf(nodes), where).path, `${type.slice(0, 1)}${nodes.length}`);
    const linked = pick([undefined, ...nodes.filter(({ what }) => what !== 'directory')], where >> 4);
    if (type !== 'hard') nodes.push({ path, what: type, identity: path });
    else if (linked !== undefined) nodes.push({ ...linked, path });
    else continue;
    files.push(`make ${type} ${path} ${linked?.path ?? '-'}`);
  }
  const identities = new Map(nodes.map(({ path, identity }) => [path, identity]));
  return {
    place,
    files,
    nodes,
    tree: { identify: (path) => identities.get(path) ?? path, mountPoint },
    ruleset: { handled: chosen.handled, rules: rulesOf(nodes, chosen) },
    attempts: tried.flatMap((each) => attemptOf(nodes, each) ?? []).slice(0, size),
  };
}

function rulesOf(
  nodes: readonly Node[],
  { handled, mayMove, granted }: Pick<Choices, 'handled' | 'mayMove' | 'granted'>,
): readonly Rule[] {
  const top = nodes[0]?.path ?? '/';
  const above = ancestorsOf(top).map((path) => ({ path, what: 'directory' }));
  const devices = DEVICES.map((path) => ({ path, what: 'char' }));
  const candidates = [...nodes, ...nodes, ...above, ...above, ...devices];
  const rules = granted.map(({ where, rights }) => ({ ...pick(candidates, where), rights }));
  return [...rules, ...(mayMove ? [{ path: top, what: 'directory', rights: MOVING }] : [])]
    .map((rule) => ({ ...rule, rights: rule.rights & handled }))
    .map(({ path, what, rights }) => ({ path, rights: what === 'directory' ? rights : rights & RIGHTS_OF_FILES }))
    .filter(({ rights }) => rights !== 0);
}

function ancestorsOf(path: string): readonly string[] {
  const parent = join(path, '..');
  return parent === path ? [] : [parent, ...ancestorsOf(parent)];
}

function pick<T>(from: readonly [T, ...T[]] | readonly T[], choice: number): T {
  const picked = from[choice % from.length];
  if (picked === undefined && from.length === 0) throw new RangeError('nothing to pick from');
  return picked as T;
}

const directoriesOf = (nodes: readonly Node[]) => nodes.filter(({ what }) => what === 'directory');

/** An access that Landlock decides: one that fails before is left out. */
function attemptOf(nodes: readonly Node[], tried: Tried): Attempt | undefined {
  const inside = nodes.slice(1);
  const free = join(pick(directoriesOf(nodes), tried.to).path, 'new');
  const { kind, how } = tried;
  if (kind === 'open') return opening(nodes, free, tried);
  if (kind === 'create') {
    const what = pick(['file', 'directory', 'symlink', 'fifo', 'socket', 'char', 'block'] as const, how);
    return { access: { kind, path: free, what }, words: `create ${what} ${free} -` };
  }
  if (inside.length === 0) return undefined; // Only hard links were to be made, to nothing.
  const { path: from, what } = pick(inside, tried.from);
  switch (kind) {
    case 'remove':
      return { access: { kind, path: from, what }, words: `remove ${what} ${from} -` };
    case 'link':
      if (what === 'directory') return undefined;
      return { access: { kind, from, to: free, what }, words: `link - ${from} ${free}` };
    case 'rename': {
      const target = how % 2 === 0 ? undefined : pick(inside, tried.to);
      const to = target?.path ?? free;
      if (isBeneath(from, to) || isBeneath(to, from)) return undefined;
      const replaces = target === undefined ? {} : { replaces: target.what };
      return { access: { kind, from, to, what, ...replaces }, words: `rename - ${from} ${to}` };
    }
    case 'exchange': {
      const { path: to, what: other } = pick(inside, tried.to);
      if (isBeneath(from, to) || isBeneath(to, from)) return undefined;
      return { access: { kind, from, to, what, other }, words: `exchange - ${from} ${to}` };
    }
    case 'other':
      return other(inside, tried);
  }
}

const isBeneath = (path: string, directory: string) => path.startsWith(`${directory}/`);

function other(nodes: readonly Node[], { from, how }: Tried): Attempt | undefined {
  const device = pick(DEVICES, from);
  const files = nodes.filter(({ what }) => what === 'file');
  const kind = pick(['truncate', 'execute', 'ioctl'] as const, how);
  if (kind === 'ioctl') return { access: { kind, path: device }, words: `ioctl - ${device} -` };
  if (files.length === 0) return undefined;
  const { path } = pick(files, from);
  return { access: { kind, path }, words: `${kind} - ${path} -` };
}

/** The letters of accesses.c for access modes. */
const MODES = ['r', 'w', 'b', 'n', 'p'] as const;

function opening(nodes: readonly Node[], free: string, { from, how }: Tried): Attempt {
  const devices = DEVICES.map((path) => ({ path, what: 'char' as const }));
  const missing = { path: free, what: 'missing' as const };
  const temporary = { path: join(free, '..'), what: 'temporary' as const };
  const { path, what } = pick([...nodes, ...devices, missing, missing, temporary], from);
  const mode = pick(
    MODES.filter((each) => modesOf(what).includes(each)),
    how,
  );
  const isPlain = mode === 'p' || what === 'directory' || what === 'temporary';
  const truncate = !isPlain && how % 2 === 0;
  const create = !isPlain && (what === 'missing' || how % 3 === 0);
  const letters = `${mode}${truncate ? 't' : ''}${create ? 'c' : ''}${what === 'temporary' ? 'm' : ''}`;
  const read = mode === 'r' || mode === 'b';
  const write = mode === 'w' || mode === 'b';
  return {
    access: { kind: 'open', path, what, read, write, truncate },
    words: `open ${letters} ${path} ${what}`,
  };
}

/** The modes in which such a file can be opened. */
function modesOf(what: FileType | 'missing' | 'temporary'): string {
  switch (what) {
    case 'symlink':
      return 'p';
    case 'directory':
      return 'rp';
    case 'temporary':
      return 'wbn';
    case 'missing':
      return 'rwbn';
    default:
      return 'rwbnp';
  }
}

/** Tries so many scenarios, and others until there are enough: under some seeds, few of them lack a kind of result. */
export async function tryUntil<Inputs>(
  property: fc.IProperty<Inputs> | fc.IAsyncProperty<Inputs>,
  numRuns: number,
  isEnough: () => boolean,
): Promise<void> {
  for (let more = 0; more <= 20 && !isEnough(); more++) await fc.assert(property, { numRuns, seed: SEED + more });
}
