/** The strings that name profiles: which kind of source one is, and the names of built-ins. */
import { SeccompError } from '../errors.js';
import { once } from '../util/memo.js';
import { suggest } from '../util/suggest.js';
import { BUILTIN_DEFINITIONS } from './builtin/index.js';
import { shown } from './json/value.js';

/** The name for no profile: no filter is attached. */
export const UNCONFINED = 'unconfined';

/** The names of the built-in sandboxes, which can stand where a profile's does. */
export const SANDBOX_NAMES: readonly string[] = ['untrusted'];

/** Names that Docker (`--security-opt seccomp=…`) and Kubernetes (`seccompProfile.type`) use. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ['builtin', 'docker-default'],
  ['RuntimeDefault', 'docker-default'],
  ['Unconfined', UNCONFINED],
]);

/** The kinds of strings that are sources of profiles. */
type StringKind = 'text' | 'localhost' | 'path' | 'name';

/** Returns which kind of source a string is. Every function that takes a source uses this one. */
export function kindOfString(source: string): StringKind {
  if (source.startsWith('Localhost/')) return 'localhost';
  if (/^\s*\{/.test(source)) return 'text';
  return /[/.]/.test(source) ? 'path' : 'name';
}

/** The names of the built-in profiles, and their aliases. */
export const builtinNames = once((): readonly string[] => [
  ...BUILTIN_DEFINITIONS.keys(),
  UNCONFINED,
  ...ALIASES.keys(),
]);

/** The error for a name that no built-in profile has. */
export function unknownBuiltin(name: string): SeccompError {
  if (SANDBOX_NAMES.includes(name)) {
    const message = `${name} is a sandbox, of which a profile is a part: give loadSandbox('${name}').profile`;
    return new SeccompError('ERR_SECCOMP_BUILTIN', message);
  }
  const names = builtinNames();
  const message =
    `unknown built-in profile ${shown(name)}${suggest(name, names)}: known names are ${names.join(', ')}. ` +
    'To use a file, put ./ before its name';
  return new SeccompError('ERR_SECCOMP_BUILTIN', message);
}
