/** The decisions of the built-in profiles in words, for the tables of docs/reference/built-in-tables.md. */
import { Diagrams } from '../../../lib/policy/diagrams/decision-diagram.js';
import { outcomesOf } from '../../../lib/policy/diagrams/policy-meanings.js';
import { decisionsOf, type Policy } from '../../../lib/policy/policy.js';
import {
  type ArgumentCheck,
  type BuiltinDefinition,
  definitionToDocument,
  type Group,
  groupsOf,
  namesOf,
} from '../../../lib/profile/builtin/definition.js';
import { resolve } from '../../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../../lib/profile/source.js';
import { ABIS, type AbiName } from '../../../lib/syscalls/abi.js';
import { errnoName } from '../../../lib/syscalls/errno.js';
import { argumentsOf, syscallNumber } from '../../../lib/syscalls/table.js';
import { code } from './markdown.js';

/** A kernel before and one after the only version that a built-in's conditions name. */
const OLD_KERNEL = { major: 4, minor: 7 };
const NEW_KERNEL = { major: 6, minor: 18 };

/** A call that is always allowed. */
export const ALWAYS = '✓';

/** The decisions of a built-in. */
export class Decisions {
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

  /** What happens to a call: ✓, an errno, or the conditions under which it is allowed and the errno for other calls. */
  of(name: string): string {
    const groups = groupsOf(this.#form).filter((group) => group.errno === undefined && namesOf(group).includes(name));
    if (groups.some(({ args, when }) => args === undefined && when === undefined)) return ALWAYS;
    const whole = groups.flatMap(({ args, when }) => (args === undefined && when !== undefined ? [when] : []));
    const conditions = [
      ...(groups.length > whole.length ? ['by arguments'] : []),
      ...whole.flatMap(({ kernel }) => (kernel === undefined ? [] : [`from Linux ${kernel}`])),
      ...listed(
        'with',
        whole.flatMap(({ capabilities = [] }) => capabilities),
      ),
      ...listed(
        'on',
        whole.flatMap(({ native = [] }) => native),
      ),
    ];
    const errnos = this.#errnos(name).join(' or ');
    if (conditions.length === 0) return errnos;
    return errnos === '' ? conditions.join(' or ') : `${conditions.join(' or ')}; else ${errnos}`;
  }

  /** The errnos that the profile makes a call fail with. */
  #errnos(name: string): readonly string[] {
    const actions = this.#policies.flatMap(({ abis, defaultAction }) =>
      abis.flatMap((abi) => {
        const number = syscallNumber(abi.abi.name, name);
        return number === undefined
          ? []
          : outcomesOf([...decisionsOf(abi, number), { conditions: [], action: defaultAction }], new Diagrams());
      }),
    );
    const errnos = actions.flatMap(({ action }) => (action.kind === 'errno' ? [errnoName(action.errno)] : []));
    return [...new Set(errnos)].sort();
  }
}

/** Joins names to `on a, b or c`. Returns no text for no names. */
function listed(preposition: string, names: readonly string[], conjunction = 'or'): readonly string[] {
  if (names.length === 0) return [];
  const all = [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '');
  return [`${preposition} ${all.join(` ${conjunction} `)}`];
}

/** A group of rules with argument conditions, as a sentence: the call, the conditions, and the reason. */
export function argumentRule({ names, args = [], errno, why, when, unless }: Group): string {
  const abi = when?.native?.[0] ?? 'x86_64';
  const tests = args.map((test) =>
    [test]
      .flat()
      .map((each) => testInWords(each, abi, names))
      .join(' and '),
  );
  const where = [
    ...listed('on', when?.native ?? [], 'and'),
    ...listed('except on', unless?.native ?? [], 'and'),
    ...listed('with', when?.capabilities ?? [], 'and'),
    ...listed('without', unless?.capabilities ?? []),
  ];
  const verb = errno === undefined ? 'is allowed' : `fails with ${errnoName(errno)}`;
  return `${[code(names.trim().split(/\s+/)), ...where, verb].join(' ')} if ${tests.join(', or ')}. ${why}`;
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
