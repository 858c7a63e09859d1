/** The profile document: what a person writes, in the form that Docker reads, and what is valid in it. */
import * as v from 'valibot';
import { ABIS, type AbiName } from '../syscalls/abi.js';
import { CAPABILITIES } from './capabilities.js';
import { suggest } from './suggest.js';

/** A profile as Docker reads it. Source: the runtime specification's `linux.seccomp`, and Docker's additions to it. */
export interface ProfileDocument {
  /** What happens to a call that no rule takes. */
  readonly defaultAction: ActionName;
  /** The errno of `defaultAction: SCMP_ACT_ERRNO`, or the message of SCMP_ACT_TRACE. Default 1, EPERM. */
  readonly defaultErrnoRet?: number | bigint | null;
  /** ABIs to decide beside the native one. Not together with `archMap`. */
  readonly architectures?: readonly string[] | null;
  /** For each native ABI, those to decide beside it. */
  readonly archMap?:
    | readonly { readonly architecture: string; readonly subArchitectures?: readonly string[] | null }[]
    | null;
  readonly syscalls?: readonly RuleDocument[] | null;
}

export interface RuleDocument {
  /** Names of syscalls, as the kernel's `__NR_` constants have them. Those an ABI does not have are left out there. */
  readonly names: readonly string[];
  readonly action: ActionName;
  /** The errno of SCMP_ACT_ERRNO, or the message of SCMP_ACT_TRACE. Default 1, EPERM. */
  readonly errnoRet?: number | bigint | null;
  /** Comparisons that must all hold. */
  readonly args?: readonly ArgumentDocument[] | null;
  readonly comment?: string | null;
  /** The rule counts only if all of this is so. */
  readonly includes?: ConditionDocument | null;
  /** The rule does not count if any of this is so. */
  readonly excludes?: ConditionDocument | null;
}

export interface ArgumentDocument {
  /** Which argument, 0 to 5. */
  readonly index: number | bigint;
  /** 64 bits, unsigned. For SCMP_CMP_MASKED_EQ the mask. Values above 2⁵³ as a bigint. */
  readonly value: number | bigint;
  /** For SCMP_CMP_MASKED_EQ what the masked argument equals; default 0. */
  readonly valueTwo?: number | bigint | null;
  readonly op: (typeof OPERATORS)[number];
}

export interface ConditionDocument {
  /** Capabilities, `CAP_SYS_ADMIN` and so on. */
  readonly caps?: readonly string[] | null;
  /** Native architectures by Docker's names: `amd64`, `arm64`, … */
  readonly arches?: readonly string[] | null;
  /** Kernel version that is at least needed: `4.8`. */
  readonly minKernel?: string | null;
}

export type ActionName = (typeof ACTIONS)[number];

export const ACTIONS = [
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_TRAP',
] as const;

export const OPERATORS = [
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_LE',
  'SCMP_CMP_LT',
  'SCMP_CMP_MASKED_EQ',
  'SCMP_CMP_NE',
] as const;

/** SCMP_ARCH_* names to ABIs. */
export const ARCHITECTURES: ReadonlyMap<string, AbiName> = new Map(
  [...ABIS.values()].map(({ name, scmp }) => [scmp, name]),
);

/** What `arches` may name: Docker's names of architectures. */
const DOCKER_ARCHES = [...ABIS.values()].map(({ docker }) => docker);

/** A string out of `names`; `what` says what they are. */
function oneOf<const Name extends string>(what: string, names: readonly Name[]) {
  return v.picklist(names, ({ input }) => `unknown ${what} ${JSON.stringify(input)}${suggest(input, names)}`);
}

/** An unsigned whole number up to `limit`, as a bigint: exact above 2⁵³ if the text or a bigint gave it. */
function unsigned(limit: bigint, what: string) {
  const inRange = (value: number | bigint) => value >= 0 && value <= limit;
  return v.pipe(
    v.union([v.bigint(), v.pipe(v.number(), v.safeInteger())], `must be an unsigned whole number: ${what}`),
    v.check(inRange, ({ input }) => `${input} is out of range: ${what} is 0 to ${limit}`),
    v.transform((value: number | bigint) => BigInt(value)),
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object with these keys and no others. */
function closed<const Entries extends v.ObjectEntries>(entries: Entries) {
  const known = Object.keys(entries);
  return v.pipe(
    v.custom<Record<string, unknown>>(isObject, 'must be an object'),
    v.looseObject(entries, ({ expected }) => `is missing: ${expected?.slice(1, -1)}`),
    v.rawCheck(({ dataset, addIssue }) => {
      const { value } = dataset;
      if (typeof value !== 'object' || value === null) return;
      for (const key of Object.keys(value)) {
        if (known.includes(key)) continue;
        const message = `unknown key ${JSON.stringify(key)}${suggest(key, known)}`;
        addIssue({ message, path: [{ type: 'object', origin: 'key', input: { ...value }, key, value: undefined }] });
      }
    }),
    v.transform((value) => value as v.InferOutput<v.ObjectSchema<Entries, undefined>>),
  );
}

const errnoRet = v.pipe(unsigned(4095n, 'an errno'), v.transform(Number));
const absent = <Schema extends v.GenericSchema>(schema: Schema) => v.optional(v.nullable(schema));
const strings = v.array(v.string('must be a string'), 'must be an array of strings');

const argument = closed({
  index: v.pipe(unsigned(5n, 'an argument index'), v.transform(Number)),
  value: unsigned(2n ** 64n - 1n, 'a 64-bit value'),
  valueTwo: absent(unsigned(2n ** 64n - 1n, 'a 64-bit value')),
  op: oneOf('operator', OPERATORS),
});

const condition = closed({
  caps: absent(v.array(oneOf('capability', CAPABILITIES), 'must be an array of capabilities')),
  arches: absent(v.array(oneOf('architecture', DOCKER_ARCHES), 'must be an array of architectures')),
  minKernel: absent(
    v.pipe(
      v.string('must be a string such as "4.8"'),
      v.regex(/^\d{1,3}\.\d{1,3}$/, ({ input }) => `${JSON.stringify(input)} is not a kernel version such as "4.8"`),
    ),
  ),
});

const rule = closed({
  names: strings,
  action: oneOf('action', ACTIONS),
  errnoRet: absent(errnoRet),
  args: absent(v.array(argument, 'must be an array of argument comparisons')),
  comment: absent(v.string('must be a string')),
  includes: absent(condition),
  excludes: absent(condition),
});

const architecture = oneOf('architecture', [...ARCHITECTURES.keys()]);

const schema = closed({
  defaultAction: oneOf('action', ACTIONS),
  defaultErrnoRet: absent(errnoRet),
  architectures: absent(v.array(architecture, 'must be an array of architectures')),
  archMap: absent(
    v.array(
      closed({ architecture, subArchitectures: absent(v.array(architecture, 'must be an array of architectures')) }),
      'must be an array of { architecture, subArchitectures }',
    ),
  ),
  syscalls: absent(v.array(rule, 'must be an array of rules')),
});

/** What was written, checked: all numbers of arguments are bigints. */
export type CheckedDocument = v.InferOutput<typeof schema>;
export type Rule = v.InferOutput<typeof rule>;
export type Argument = v.InferOutput<typeof argument>;

/** Something wrong at a path of keys and indices. */
export interface Finding {
  readonly keys: readonly (string | number)[];
  readonly message: string;
  /** Default `error`. */
  readonly severity?: 'error' | 'warning';
}

/** Checks a document; finds everything that is wrong with it. */
export function check(
  input: unknown,
): { readonly document: CheckedDocument } | { readonly findings: readonly Finding[] } {
  const result = v.safeParse(schema, input);
  if (result.success) return { document: result.output };
  return {
    findings: result.issues.map(({ path, message }) => ({
      keys: (path ?? []).map(({ key }) => key as string | number),
      message,
    })),
  };
}
