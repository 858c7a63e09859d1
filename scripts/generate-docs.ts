/** Writes the built-in profiles' pages, docs/docker-default.md and others, from lib/profile/builtin/. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ALL_ARGUMENTS, outcomesIn } from '../lib/policy/argument-region.js';
import { type AbiPolicy, decisionsOf, type Policy } from '../lib/policy/policy.js';
import {
  type ArgumentCheck,
  type BuiltinDefinition,
  definitionToDocument,
  type Group,
  groupsOf,
  namesOf,
  type Refusal,
  refusalsOf,
} from '../lib/profile/builtin/definition.js';
import { BUILTIN_DEFINITIONS } from '../lib/profile/builtin/index.js';
import { resolve } from '../lib/profile/resolve/resolve.js';
import { profileOf } from '../lib/profile/source.js';
import { ABIS, type AbiName } from '../lib/syscalls/abi.js';
import { errnoName } from '../lib/syscalls/errno.js';
import { argumentsOf, syscallNumber, syscallsOf } from '../lib/syscalls/table.js';
import { ROWS } from '../test/support/blocked-calls.js';
import { INTRODUCTIONS } from './builtin-introductions.js';

/** A kernel before and one after the only version that a built-in's conditions name. */
const OLD_KERNEL = { major: 4, minor: 7 };
const NEW_KERNEL = { major: 6, minor: 18 };

/** The ABIs of the supported CPUs. */
const NATIVE: readonly AbiName[] = ['x86_64', 'aarch64', 'riscv64', 's390x', 'ppc64le', 'loongarch64'];

/** Returns the text of each page, by its name in docs/. */
export function pages(): ReadonlyMap<string, string> {
  return new Map([...BUILTIN_DEFINITIONS].map(([name, form]) => [`${name}.md`, page(name, form)]));
}

function page(name: string, form: BuiltinDefinition): string {
  const facts = new Facts(form);
  const listed = [...new Set(ROWS.map((row) => row.name))];
  const introduction = INTRODUCTIONS.get(name);
  if (introduction === undefined) throw new Error(`${name} needs an introduction`);
  return `# ${name}

<!-- Made by \`npm run generate:docs\` from lib/profile/builtin/: change that, not this. -->

${introduction.before}

A call that has no rule fails with ${errnoName(form.defaultErrno)}, and one of an ABI that is not decided kills the process. [Profiles](profiles.md)
says how rules are read.

In the tables, *answer* is the errno where a call is not allowed, and *allowed* says where it is. Capabilities are those
that \`--capability\` names (\`capabilities\` in JavaScript): none if nothing is said. The reasons are ours.

## The calls that Docker's documentation lists

Docker's documentation has [a table of calls that Docker blocks](https://docs.docker.com/engine/security/seccomp/). This is
what becomes of each here.

${table(
  ['call', 'answer', 'allowed', 'why'],
  listed.map((call) => facts.row([call], facts.why(call))),
)}

## What else is not plainly allowed

${sections(form.refusals, (refusals) => {
  const rows = refusals.flatMap((refusal) => facts.rows(refusal, listed));
  return rows.length === 0 ? '' : table(['calls', 'answer', 'allowed', 'why'], rows);
})}

## Decided by arguments

Arguments are counted from 0. Where a line allows and another refuses, the call is refused.

${form.conditional
  .filter(({ args }) => args !== undefined)
  .map(byArguments)
  .join('\n')}

## Allowed always

${sections(form.allowed, (groups) => groups.map(({ why, names }) => `- ${why} ${code(names.trim().split(/\s+/))}`).join('\n'))}

## ABIs

${table(
  ['native', 'decided'],
  NATIVE.map((abi) => [abi, [abi, ...(form.besides[abi] ?? [])].join(', ')]),
)}

How many syscalls of each are decided how, without capabilities, on Linux ${NEW_KERNEL.major}.${NEW_KERNEL.minor}:

${table(['ABI', 'allowed', 'by arguments', 'refused'], facts.counts())}
${introduction.after === undefined ? '' : `\n${introduction.after}\n`}`;
}

/** The decisions of a built-in. */
class Facts {
  readonly #form: BuiltinDefinition;
  /** The policies for each CPU, an old kernel and a new one, without capabilities. */
  readonly #policies: readonly Policy[];

  constructor(form: BuiltinDefinition) {
    const profile = profileOf(definitionToDocument(form));
    this.#form = form;
    this.#policies = [NEW_KERNEL, OLD_KERNEL].flatMap((kernel) =>
      [...ABIS.keys()].map((abi) => resolve(profile, { abi, kernel, capabilities: new Set() })),
    );
  }

  /** The table rows of a group of refused calls, except those in `but`. Calls with the same columns share a row. */
  rows(refusal: Refusal, but: readonly string[]): readonly (readonly string[])[] {
    const names = namesOf(refusal).filter((name) => !but.includes(name));
    const columns = (name: string) => `${this.#answer(name)} ${this.#allowed(name)}`;
    const kinds = [...new Set(names.map(columns))];
    return kinds.map((kind) =>
      this.row(
        names.filter((name) => columns(name) === kind),
        refusal.why,
      ),
    );
  }

  row(names: readonly string[], why: string): readonly string[] {
    const [first = ''] = names;
    return [code(names), this.#answer(first), this.#allowed(first), why];
  }

  /** The reason why a call is refused or allowed. */
  why(name: string): string {
    const reasons = [...refusalsOf(this.#form), ...groupsOf(this.#form)];
    return reasons.find((reason) => namesOf(reason).includes(name))?.why ?? '';
  }

  counts(): readonly (readonly string[])[] {
    return NATIVE.flatMap((_, i) => {
      const policy = this.#policies.find(({ abis }) => abis[0]?.abi.name === NATIVE[i]);
      return (policy?.abis ?? []).map((abi) => [abi.abi.name, ...countsOf(abi).map(String)]);
    });
  }

  /** The errnos that the profile makes a call fail with. */
  #answer(name: string): string {
    const actions = this.#policies.flatMap(({ abis, defaultAction }) =>
      abis.flatMap((abi) => {
        const number = syscallNumber(abi.abi.name, name);
        return number === undefined ? [] : [...outcomesIn(ALL_ARGUMENTS, decisionsOf(abi, number), defaultAction)];
      }),
    );
    const errnos = actions.flatMap(({ action }) => (action.kind === 'errno' ? [errnoName(action.errno)] : []));
    return [...new Set(errnos)].join(', ');
  }

  /** A short text about where a call is allowed. */
  #allowed(name: string): string {
    const groups = groupsOf(this.#form).filter((group) => group.errno === undefined && namesOf(group).includes(name));
    if (groups.some(({ args, when }) => args === undefined && when === undefined)) return 'always';
    const whole = groups.flatMap(({ args, when }) => (args === undefined && when !== undefined ? [when] : []));
    return [
      groups.length > whole.length ? 'by arguments' : '',
      ...whole.map(({ kernel }) => (kernel === undefined ? '' : `from Linux ${kernel}`)),
      listed(
        'with',
        'or',
        whole.flatMap(({ capabilities = [] }) => capabilities),
      ),
      listed(
        'on',
        'and',
        whole.flatMap(({ native = [] }) => native),
      ),
    ]
      .filter((words) => words !== '')
      .join(', ');
  }
}

/** Joins names to `on a, b and c`. Returns an empty text for no names. */
function listed(preposition: string, conjunction: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  return `${preposition} ${[names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(` ${conjunction} `)}`;
}

/** Counts the calls that are always allowed, allowed with some arguments, and never allowed. */
function countsOf(abi: AbiPolicy): readonly [number, number, number] {
  const firsts = [...new Set(syscallsOf(abi.abi.name).values())].map((number) => decisionsOf(abi, number)[0]);
  const byArguments = firsts.filter((first) => (first?.conditions.length ?? 0) > 0).length;
  const allowed = firsts.filter((first) => first?.action.kind === 'allow' && first.conditions.length === 0).length;
  return [allowed, byArguments, firsts.length - allowed - byArguments];
}

/** The line of a group of rules with argument conditions. */
function byArguments({ names, args = [], errno, why, when, unless }: Group): string {
  const abi = when?.native?.[0] ?? 'x86_64';
  const tests = args.map((test) =>
    [test]
      .flat()
      .map((each) => testInWords(each, abi, names))
      .join(' and '),
  );
  const verb = errno === undefined ? 'is allowed' : `fails with ${errnoName(errno)}`;
  const where = [
    listed('on', 'and', when?.native ?? []),
    listed('elsewhere than on', 'and', unless?.native ?? []),
    listed('with', 'and', when?.capabilities ?? []),
    listed('without', 'or', unless?.capabilities ?? []),
  ].filter((words) => words !== '');
  return `- ${[code([names]), ...where, verb].join(' ')} if ${tests.join(', or ')}. ${why}`;
}

function testInWords(test: ArgumentCheck, abi: AbiName, syscall: string): string {
  const name = argumentsOf(abi, syscall)?.[test.argument]?.name ?? `argument ${test.argument}`;
  if ('below' in test) return `\`${name} < ${test.below}\``;
  if ('above' in test) return `\`${name} > ${test.above}\``;
  if ('equals' in test) return `\`${name} = ${inHex(test.equals)}\``;
  if ('differs' in test) return `\`${name} ≠ ${inHex(test.differs)}\``;
  const { mask, bits } = 'noneOf' in test ? { mask: test.noneOf, bits: 0 } : test;
  return `\`${name} & ${inHex(mask)} = ${inHex(bits)}\``;
}

/** Formats flags as hexadecimal and small numbers as decimal. */
function inHex(value: number): string {
  return value < 256 ? String(value) : `0x${value.toString(16)}`;
}

/** A section for each topic that is not empty. */
function sections<Item>(
  topics: Readonly<Record<string, readonly Item[]>>,
  text: (items: readonly Item[]) => string,
): string {
  return Object.entries(topics)
    .map(([topic, items]) => [topic, text(items)])
    .filter(([, body]) => body !== '')
    .map(([topic, body]) => `### ${topic}\n\n${body}`)
    .join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(' ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of pages()) writeFileSync(new URL(`../docs/${name}`, import.meta.url), text);
}
