/** A sandbox in the place of a call's profile: what it says are the options that the call does not give itself. */
import { SeccompError } from '../../errors.js';
import { BY_SCOPES_ALONE } from '../../landlock/domain.js';
import { CheckedPaths } from '../../landlock/paths/option.js';
import { CheckedLimits, limitNames, valuesOf } from '../../process-tree/limits.js';
import { refuseProcessLimitOfRoot } from '../../process-tree/rlimits.js';
import { SANDBOX_NAMES } from '../../profile/source-names.js';
import { shownName } from '../../util/foreign-text.js';
import { emptyFields, type Fields, own, withoutUndefined } from '../../util/own-data.js';
import { readEnvironment } from '../options/environment.js';
import { type FunctionName, optionsOf, reasonsAgainst } from '../options/table.js';
import { LoadedSandbox, partsIn, type SandboxEnvironment, type SandboxParts } from './loaded-sandbox.js';
import { builtinSandbox } from './read.js';

/** The sandbox that a caller passed as the profile: a loaded one, or a built-in's name. Undefined for a profile. */
export function sandboxOf(profile: unknown): LoadedSandbox | undefined {
  if (LoadedSandbox.is(profile)) return profile;
  return typeof profile === 'string' && SANDBOX_NAMES.includes(profile) ? builtinSandbox(profile) : undefined;
}

/**
 * The options of a call under a sandbox: those of the call, and what the sandbox says for all others.
 *
 * @param options - Checked options of the call.
 * @param by - The function; undefined for the defaults of several.
 * @throws {SeccompError} ERR_SECCOMP_OPTION if the function can't do what the sandbox says.
 */
export function optionsUnder(sandbox: LoadedSandbox, options: Fields, by: FunctionName | undefined): Fields {
  const ofSandbox = optionsIn(partsIn(sandbox), options['bestEffort'] === true);
  const merged = own({ ...ofSandbox });
  for (const [name, value] of Object.entries(options)) if (value !== undefined) merged[name] = value;
  const other = by && Object.keys(ofSandbox).find((name) => !optionsOf(by).includes(name));
  if (by !== undefined && other !== undefined) refuse(sandbox, other, by);
  refuseProcessLimitOfRoot(merged['rlimits'], merged['uid']);
  return merged;
}

/** The options that a sandbox stands for. */
function optionsIn(
  { profile: _profile, files: _files, isolate, env, ...parts }: SandboxParts,
  bestEffort: boolean,
): Fields {
  const isLess = isolate === BY_SCOPES_ALONE && bestEffort;
  const options = { ...parts, isolate: isLess ? undefined : isolate, env: env && variablesOf(env) };
  return withoutUndefined(options);
}

function variablesOf({ names, values }: SandboxEnvironment): Fields {
  const variables = readEnvironment([...names], 'env') ?? emptyFields();
  for (const [name, value] of values) variables[name] = value;
  return variables;
}

function refuse({ source }: LoadedSandbox, name: string, by: FunctionName): never {
  const reason = reasonsAgainst(by).get(name) ?? 'it has no such option: start the program by spawn or run';
  throw new SeccompError(
    'ERR_SECCOMP_OPTION',
    `${shownName(source)}: ${by} can't honor ${name} of this sandbox: ${reason}`,
  );
}

/** Paths to which others are added. Those that were checked before are returned as they are. */
export function mergedPaths(paths: CheckedPaths | undefined, added: unknown): CheckedPaths | undefined {
  if (!(added instanceof CheckedPaths)) return paths;
  return paths === undefined ? added : new CheckedPaths([...paths.all, ...added.all], added.form, paths.keepsHome);
}

/** Variables of which others replace those of the same name. Undefined if no others are given. */
export function mergedVariables(env: SandboxEnvironment | undefined, added: unknown): Fields | undefined {
  if (typeof added !== 'object' || added === null) return undefined;
  const others = Object.entries(added).filter(([, value]) => env === undefined || value !== undefined);
  return own({ ...(env && variablesOf(env)), ...Object.fromEntries(others) });
}

/** Limits of which others replace those of the same name. */
export function mergedLimits(limits: CheckedLimits | undefined, added: unknown): CheckedLimits | undefined {
  if (!(added instanceof CheckedLimits)) return limits;
  if (limits === undefined) return added;
  const { form } = limitNames(added).length > 0 ? added : limits;
  return new CheckedLimits(own({ ...valuesOf(limits), ...valuesOf(added) }), form);
}
