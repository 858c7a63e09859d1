/** explain(): explains what a profile decides for a call on this machine. */
import { permissiveness } from '../policy/action.js';
import { denialOf } from '../policy/confinement-denials.js';
import { type Denials, denialsFor, type LandlockGaps, NO_DENIALS } from '../policy/denials.js';
import type { Action } from '../policy/policy.js';
import { refuseOptions } from '../profile/document/options.js';
import { type ExplainQuery, readQuestion, registers } from '../profile/explain-query.js';
import { type ExplainChange, type Explanation, explainCall } from '../profile/explainer.js';
import type { Host } from '../profile/resolve/resolve.js';
import { loadProfile, type ProfileSource } from '../profile/source.js';
import { UNCONFINED } from '../profile/source-names.js';
import { readOptions } from '../sandbox/options/table.js';
import type { CompileOptions } from '../sandbox/options/types.js';
import { HOST_OPTIONS, hostOf } from '../sandbox/plan/resolve-sources.js';

/**
 * Explains what a profile decides for a call: the action, the rule that led to it, why, and which changes would lead to
 * another action.
 *
 * @param source - The profile: the name of a built-in, a path, a URL, JSON text, a document or a `Profile`.
 * @param question - The call: the name of a syscall, up to six arguments (default 0), and an ABI (default: the native
 * one).
 * @param options - The host to resolve the profile for. Default: this machine, and a process without capabilities.
 * @returns The explanation.
 * @throws {ProfileError} if the profile is not valid.
 * @throws {SeccompError} ERR_SECCOMP_BUILTIN or ERR_SECCOMP_FILE if the profile can't be found or read;
 * ERR_SECCOMP_OPTION for options together with `unconfined`; ERR_SECCOMP_TOO_LARGE if the argument rules on the syscall
 * are too intertwined.
 * @throws {TypeError | RangeError} if an argument has the wrong type, or if the ABI does not have the call.
 * @example
 * import { explain } from 'seccomp';
 *
 * const { action, why, changes } = explain('docker-default', { syscall: 'mount' });
 * console.log(action); // { kind: 'errno', errno: 1 }
 * console.log(why); // no rule that names it applies here: Mounts determine which files of the host a container sees.
 * for (const { by, action } of changes) console.log(by, action.kind); // with CAP_SYS_ADMIN allow
 */
export function explain(source: ProfileSource, question: ExplainQuery, options: CompileOptions = {}): Explanation {
  const given = readOptions<CompileOptions>('compile', options);
  const profile = loadProfile(source);
  const asked = readQuestion(question);
  if (profile.isUnconfined) {
    refuseOptions(given, HOST_OPTIONS, UNCONFINED);
    return { action: { kind: 'allow' }, why: 'nothing is filtered', changes: [] };
  }
  const host = hostOf(given);
  const explanation = explainCall(profile, asked, host);
  const confinement = confinementChanges(asked, host, explanation.action);
  return { ...explanation, changes: [...explanation.changes, ...confinement] };
}

const NO_GAPS: LandlockGaps = { unixSockets: false, truncation: false, deviceIoctls: false };

/** What denies some calls to a child, regardless of the profile. Of two that deny the same for `paths`, the first is named. */
const CONFINEMENTS: readonly (Pick<ExplainChange, 'kind' | 'by'> & { readonly denials: Denials })[] = [
  { kind: 'isolation', by: 'in a child that is isolated, as it is by default', denials: denialsFor(true) },
  {
    kind: 'isolation',
    by: 'in a child that is isolated, as it is by default, and given no terminal',
    denials: { ...NO_DENIALS, withoutTerminal: true },
  },
  { kind: 'network', by: "in a child with network: 'none'", denials: { ...NO_DENIALS, network: true } },
  { kind: 'paths', by: 'in a child with paths', denials: denialsFor(false, NO_GAPS) },
  {
    kind: 'paths',
    by: 'in a child with paths, before Linux 7.1',
    denials: denialsFor(false, { ...NO_GAPS, unixSockets: true }),
  },
  {
    kind: 'paths',
    by: 'in a child with paths, before Linux 6.10',
    denials: denialsFor(false, { ...NO_GAPS, deviceIoctls: true }),
  },
  {
    kind: 'paths',
    by: 'in a child with paths, before Linux 6.2',
    denials: denialsFor(false, { ...NO_GAPS, truncation: true }),
  },
  {
    kind: 'descendants',
    by: "in a child with descendants: 'kill', before Linux 6.12",
    denials: denialsFor(false, undefined, true),
  },
];

/** The changes that isolation, `network`, the restriction to `paths` and `descendants` make. */
function confinementChanges(
  { syscall, args, abi }: Required<ExplainQuery>,
  host: Host,
  action: Action,
): readonly ExplainChange[] {
  if (permissiveness(action) === 0) return [];
  const changes = CONFINEMENTS.flatMap(({ kind, by, denials }) => {
    const denial = denialOf(abi ?? host.abi, syscall, registers(args ?? []), denials);
    return denial === undefined ? [] : [{ kind, by, action: denial.action }];
  });
  return changes.filter(({ kind }, i) => changes.findIndex((each) => each.kind === kind) === i);
}
