/** What is valid in a document whose keys are known: types, names out of lists, ranges. The JSON Schema is made from it. */
import * as v from 'valibot';
import { ABIS } from '../syscalls/abi.js';
import { CAPABILITIES } from './capabilities.js';
import { ACTIONS, ARCHITECTURES, FLAGS, OPERATORS } from './document.js';
import { shown } from './remark.js';
import { suggest } from './suggest.js';

/** The schema of a whole document, and of its two parts: everything but the rules, and one rule. */
export type ProfileSchema = ReturnType<typeof makeSchema>;
export type ValidHead = v.InferOutput<ProfileSchema['head']>;
export type ValidRule = v.InferOutput<ProfileSchema['rule']>;

/** How much a schema says of what is wrong: where much is, that takes long. */
export interface Detail {
  /** Whether it says what may be meant. Default true. */
  readonly hints?: boolean;
  /** Whether it looks at names that runtimes only compare. Default true. */
  readonly compared?: boolean;
}

const made = new Map<string, ProfileSchema>();

/** The schema; made when it is first needed. */
export function profileSchema({ hints = true, compared = true }: Detail = {}): ProfileSchema {
  const key = `${hints} ${compared}`;
  const schema = made.get(key) ?? makeSchema(hints ? suggest : () => '', compared);
  made.set(key, schema);
  return schema;
}

type Hint = typeof suggest;

/** An unsigned whole number up to `maximum`; `what` says what it is. Exact above 2⁵³ if it is a bigint. */
function unsigned(maximum: number | bigint, what: string) {
  return v.pipe(
    v.custom<number | bigint>(
      (input) => (typeof input === 'bigint' || Number.isSafeInteger(input)) && Number(input) >= 0,
      ({ input }) =>
        Number(input) > Number.MAX_SAFE_INTEGER && Number.isInteger(input)
          ? `${shown(input)} is more than a number holds exactly: give a bigint`
          : `${shown(input)} must be an unsigned whole number: ${what}`,
    ),
    v.maxValue<number | bigint, number | bigint, (issue: { readonly input: number | bigint }) => string>(
      maximum,
      ({ input }) => `${input} is out of range: ${what} is 0 to ${maximum}`,
    ),
  );
}

/** A string out of `names`; `what` says what they are. */
function oneOf<const Name extends string>(what: string, names: readonly Name[], hint: Hint) {
  return v.picklist(names, ({ input }) =>
    typeof input === 'object' && input !== null
      ? 'must be a string'
      : `unknown ${what} ${shown(input)}${hint(input, names)}`,
  );
}

/** The same for names that runtimes only compare: a wrong one is an issue of kind `validation`. */
function comparedWith(what: string, names: readonly string[], hint: Hint) {
  const message = (issue: { readonly input: string }) =>
    `unknown ${what} ${shown(issue.input)}${hint(issue.input, names)}`;
  return v.pipe(text(), v.values<string, readonly string[], typeof message>(names, message));
}

const text = () => v.string('must be a string');

const list = <Item extends v.GenericSchema>(item: Item, of: string) => v.array(item, `must be an array of ${of}`);

/** An object with these keys and no others. */
function object<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, ({ expected }) =>
    expected?.startsWith('"') ? `is missing: ${expected.slice(1, -1)}` : 'must be an object',
  );
}

/** moby's KernelVersion: two numbers of 8 bits, not both 0, or nothing. */
export const KERNEL_VERSION =
  /^(?!0+\.0+$)(?:0*(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\.0*(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]))?$/;

function makeSchema(hint: Hint, compared: boolean) {
  const comparedName = (what: string, names: readonly string[]) =>
    compared ? comparedWith(what, names, hint) : text();
  const architecture = oneOf('architecture', [...ARCHITECTURES.keys()], hint);
  const architectures = list(architecture, 'architectures');
  const errnoRet = unsigned(2n ** 64n - 1n, 'an errno');

  const condition = object({
    caps: v.nullish(list(comparedName('capability', CAPABILITIES), 'capabilities')),
    arches: v.nullish(
      list(
        comparedName(
          'architecture',
          [...ABIS.values()].map(({ docker }) => docker),
        ),
        'architectures',
      ),
    ),
    minKernel: v.nullish(
      v.pipe(
        v.string('must be a string such as "4.8"'),
        v.regex(KERNEL_VERSION, ({ input }) => `${shown(input)} is not a kernel version such as "4.8"`),
      ),
    ),
  });

  const argument = object({
    index: unsigned(5, 'an argument index'),
    value: unsigned(2n ** 64n - 1n, 'a 64-bit value'),
    valueTwo: v.nullish(unsigned(2n ** 64n - 1n, 'a 64-bit value')),
    op: oneOf('operator', OPERATORS, hint),
  });

  const rule = object({
    names: v.nullish(list(text(), 'strings')),
    name: v.nullish(text()),
    action: oneOf('action', ACTIONS, hint),
    errnoRet: v.nullish(errnoRet),
    errno: v.nullish(text()),
    args: v.nullish(list(argument, 'argument comparisons')),
    comment: v.nullish(text()),
    includes: v.nullish(condition),
    excludes: v.nullish(condition),
  });

  const head = {
    $schema: v.nullish(text()),
    comment: v.nullish(text()),
    defaultAction: oneOf('action', ACTIONS, hint),
    defaultErrnoRet: v.nullish(errnoRet),
    defaultErrno: v.nullish(text()),
    architectures: v.nullish(architectures),
    archMap: v.nullish(
      list(object({ architecture, subArchitectures: v.nullish(architectures) }), '{ architecture, subArchitectures }'),
    ),
    flags: v.nullish(list(oneOf('flag', FLAGS, hint), 'flags')),
    listenerPath: v.nullish(text()),
    listenerMetadata: v.nullish(text()),
  };

  return {
    head: object({ ...head, syscalls: v.nullish(list(v.unknown(), 'rules')) }),
    rule,
    document: object({ ...head, syscalls: v.nullish(list(rule, 'rules')) }),
  };
}
