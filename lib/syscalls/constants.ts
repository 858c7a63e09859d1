/**
 * Constants by name: errnos, and the constants that C programs use for arguments of syscalls. Read from
 * lib/syscalls/generated/.
 */
import { own } from '../util/own-data.js';
import { type AbiName, abiOf } from './abi.js';
import { type CommonConstants, constantsText, type VaryingConstant } from './generated/constants.js';

/** The name of a constant: `AF_INET`, `O_CREAT`, `TIOCSTI`, `EPERM`, … */
export type ConstantName = keyof CommonConstants | VaryingConstant;

/** The name of an errno: a constant that begins with E and has no underscore. */
export type ErrnoName = Exclude<Extract<ConstantName, `E${string}`>, `${string}_${string}`>;

let texts: ReadonlyMap<string, string> | undefined;

/**
 * Returns the text of each constant by its name: its value, or several values for different architectures. Read at the
 * first use, so that importing this file takes no time.
 */
function textOf(): ReadonlyMap<string, string> {
  texts ??= new Map(
    constantsText()
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
  );
  return texts;
}

/** Every name that has a value on some ABI. */
export function constantNames(): readonly string[] {
  return [...textOf().keys()];
}

/** Whether a constant is an errno. */
export function isErrno(name: string): boolean {
  return /^E[A-Z0-9]+$/.test(name) && textOf().has(name);
}

/**
 * Returns the value of a constant on an ABI, which is also its value on the other ABIs that the ABI's machines run. A
 * negative value is returned as an unsigned 32-bit number. Undefined if the ABI has no such constant.
 */
export function constantOn(abi: AbiName, name: string): number | undefined {
  const [most = '-', ...others] = textOf().get(name)?.split('; ') ?? [];
  const { docker } = abiOf(abi);
  const other = others.map((text) => text.split(': ')).find(([, names]) => names?.split(' ').includes(docker));
  const value = other?.[0] ?? most;
  return value === '-' ? undefined : Number(value);
}

/** The method that util.inspect() calls; see the documentation of `util.inspect.custom`. */
const INSPECT_METHOD = Symbol.for('nodejs.util.inspect.custom');

/** Returns an object whose properties are computed when one of them is first read. */
function filledAtFirstUse<Properties extends object>(properties: () => Properties): Properties {
  // util.inspect() bypasses the traps of a proxy, but calls this method of its target.
  const target = Object.create(
    Object.create(null, { [INSPECT_METHOD]: own({ value: () => Object.assign(Object.create(null), filled()) }) }),
  );
  const filled = () => (Object.isFrozen(target) ? target : Object.freeze(Object.assign(target, properties())));
  return new Proxy(target, {
    get: (_, name) => Reflect.get(filled(), name),
    has: (_, name) => Reflect.has(filled(), name),
    ownKeys: () => Reflect.ownKeys(filled()),
    getOwnPropertyDescriptor: (_, name) => Reflect.getOwnPropertyDescriptor(filled(), name),
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  });
}

/**
 * The constants that have the same value on every ABI, as numbers. Give all others by name: they are resolved for
 * each ABI.
 * @example
 * import { arg, constants, Profile } from 'seccomp';
 * const flags = constants.CLONE_NEWUSER + constants.CLONE_NEWNET;
 * const profile = Profile.denylist().deny('unshare', arg(0).hasFlags(flags));
 */
export const constants: Readonly<CommonConstants> = filledAtFirstUse(() => {
  const common = [...textOf()].filter(([, text]) => !text.includes(';'));
  return Object.fromEntries(common.map(([name, text]) => [name, Number(text)])) as unknown as CommonConstants;
});
