/** toNativeRequest: a program and its plan as the addon takes them. Nothing else knows the members of a request. */
import { resolve as resolvePath } from 'node:path';
import { SeccompError } from '../../errors.js';
import { compileGuardianFilter } from '../../filter/guardian-filter.js';
import { ATTACH_FLAGS, listenerFlags, machineAbis } from '../../host.js';
import { makePrivateDirectory, type PrivateDirectory } from '../../landlock/paths/private-directory.js';
import { type Needs, type RulesetSubject, rulesetFor } from '../../landlock/paths/ruleset.js';
import { findNeeds, moduleNeeds } from '../../landlock/programs/program-needs.js';
import type { NativeDomain, NativeFilters, NativeRequest } from '../../native.js';
import { openMailbox } from '../../notify/listener.js';
import { limitTriples } from '../../process-tree/rlimits.js';
import { outliving } from '../../process-tree/sampled-limits.js';
import { capabilityBits } from '../../syscalls/capabilities.js';
import { once } from '../../util/memo.js';
import { own, propertyOf } from '../../util/own-data.js';
import type { ProgramCall } from '../arguments.js';
import { checkNoNul } from '../options/checks.js';
import { PRIVATE_DIRECTORY, type Variables } from '../options/environment.js';
import type { ProgramOptions } from '../options/types.js';
import type { AgentAddress } from '../plan/agent-handoff.js';
import type { FilterPlan } from '../plan/plan-filters.js';
import type { OpenedStdio } from './stdio.js';

type RequestOptions = ProgramOptions & { readonly detached?: boolean | undefined };

/**
 * The request that starts a program.
 *
 * @param stdio - What the program's descriptors are connected to.
 * @param made - What was made for it: its private directory, and a descriptor of its cgroup's directory.
 */
export function toNativeRequest(
  { file, argv, module, options }: ProgramCall<RequestOptions>,
  plan: FilterPlan,
  { descriptors, channel }: OpenedStdio,
  { tmp, cgroup }: { readonly tmp: PrivateDirectory | undefined; readonly cgroup: number | undefined },
): NativeRequest {
  const { cwd, uid, gid, capabilities, noNewPrivileges = true, detached = false } = options;
  const { supervision, agent } = plan;
  const variables = options.env ?? process.env;
  const directory = cwd ? String(cwd) : undefined;
  const candidates = candidatePaths(file, variables);
  return own({
    candidates,
    args: argv,
    env: environment(variables, own({ ...channel?.variables, ...tmpVariables(variables, tmp) })),
    cwd: directory,
    detached,
    uid: uid ?? undefined,
    gid: gid ?? undefined,
    stdio: descriptors,
    limits: limitTriples(options.rlimits),
    cgroup,
    keptCapabilities: capabilities && capabilityBits(capabilities),
    ...toNativeFilters(plan, noNewPrivileges),
    ...toNativeConfinement(plan, options, (from) => ({
      candidates,
      needs: () => needsOf(candidates, from),
      files: module === undefined ? NO_PROGRAM.files : moduleNeeds(resolvePath(from, module)),
      isNode: module !== undefined,
      tmp: tmp?.path,
    })),
    supervision: supervision?.native,
    ...toNativeTree(plan),
    mailbox: supervision && openMailbox(),
    agent: agent && { path: agent.path, state: containerState(agent, directory) },
  });
}

function needsOf(candidates: readonly string[], directory: string): Needs {
  const { needs, places, isSettled } = findNeeds(candidates, directory);
  return { paths: [...needs, ...places], isSettled };
}

/** What a ruleset is made for, beside its paths. */
type ProgramOfRuleset = Pick<RulesetSubject, 'candidates' | 'needs' | 'files' | 'isNode' | 'tmp'>;

/** For a process that starts no program. */
export const NO_PROGRAM: ProgramOfRuleset = {
  candidates: undefined,
  needs: () => ({ paths: [], isSettled: false }),
  files: [],
  isNode: false,
  tmp: undefined,
};

/**
 * The members of a request for a program's isolation and paths.
 *
 * @param program - Returns what it is and needs in order to start, given its working directory.
 * @throws {SeccompError} as rulesetFor.
 */
export function toNativeConfinement(
  { isolation, paths }: Pick<FilterPlan, 'isolation' | 'paths'>,
  { cwd, uid, capabilities }: Pick<ProgramOptions, 'cwd' | 'uid' | 'capabilities'>,
  program: (directory: string) => ProgramOfRuleset,
): Pick<NativeRequest, 'isolation' | 'domain' | 'ruleset' | 'domainRequired'> {
  const { isolation: required, domain } = isolation?.request ?? NOT_ISOLATED;
  if (paths === undefined || paths.handled === 0)
    return own({ isolation: required, domain, domainRequired: required === true && domain !== undefined });
  const directory = cwd ? resolvePath(String(cwd)) : process.cwd();
  const ruleset = rulesetFor({
    paths: paths.paths,
    handled: paths.handled,
    scoped: (domain ?? NO_DOMAIN)[2],
    uid: uid ?? undefined,
    capabilities,
    directory,
    ...program(directory),
  });
  return own({ isolation: required, ruleset, domainRequired: paths.required || required === true });
}

/** Makes the private directory of a child whose paths have the word `@tmp`; undefined for any other child. */
export function privateDirectoryFor(
  { uid, gid }: Pick<ProgramOptions, 'uid' | 'gid'>,
  { paths }: Pick<FilterPlan, 'paths'>,
): PrivateDirectory | undefined {
  if (!paths?.paths.words.has('@tmp')) return undefined;
  return makePrivateDirectory(own({ uid: uid ?? undefined, gid: gid ?? undefined }));
}

/** The members of a request for the guardian of a program's tree: it must not run outside of its domain or group. */
function toNativeTree({ tree, limits }: FilterPlan): Partial<NativeRequest> {
  if (tree === undefined || tree.reason !== undefined) return NOT_GUARDED;
  const guarded = { guarded: true, guardianFilter: guardianFilter() };
  if (tree.isGroup) return own({ ...guarded, inProcessGroup: true });
  return own({
    ...guarded,
    domainRequired: true,
    sampled: tree.outlives ? outliving(limits?.sampled) : limits?.sampled,
  });
}

const guardianFilter = once(() => compileGuardianFilter(machineAbis()));

/** The members of a request without a guardian. */
export const NO_GUARDIAN = { guarded: false, guardianFilter: undefined, sampled: undefined };

const NOT_GUARDED = own({});
const NOT_ISOLATED = { isolation: undefined, domain: undefined };
export const NO_DOMAIN: NativeDomain = [0, 0, 0];

/** What the addon attaches. */
export function toNativeFilters(
  { filters, flags, supervision, agent }: Pick<FilterPlan, 'filters' | 'flags' | 'supervision' | 'agent'>,
  noNewPrivileges: boolean,
): NativeFilters {
  const listener = supervision === undefined && agent === undefined ? 0 : listenerFlags();
  return {
    noNewPrivileges,
    unconfined: filters.length === 0,
    filters: filters.map(({ bytes, gate }) => ({
      bytes,
      gate: gate.flatMap(({ instruction, half }) => [instruction, half]),
    })),
    filterFlags: flags.reduce((bits, name) => bits | ATTACH_FLAGS[name], listener),
  };
}

/**
 * The variables that have the path of a program's private directory.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION if there are such variables, and it has no such directory.
 */
export function tmpVariables(variables: Variables, tmp: PrivateDirectory | undefined): Variables {
  const named =
    variables === process.env
      ? []
      : Object.keys(variables).filter((name) => (variables[name] as unknown) === PRIVATE_DIRECTORY);
  if (tmp !== undefined) return own({ ...Object.fromEntries(named.map((name) => [name, tmp.path])), ...tmp.variables });
  if (named.length === 0) return NO_VARIABLES;
  const message = `the sandbox sets ${named.join(' and ')} to the directory @tmp, which options.paths does not grant`;
  throw new SeccompError('ERR_SECCOMP_OPTION', `${message}: put '@tmp' into write, or give options.env`);
}

const NO_VARIABLES: Variables = own({});

/** The directories in which execvp(3) looks if the environment has no PATH. */
const DEFAULT_PATH = '/bin:/usr/bin';

/** The paths that execvp(3) would try for a program, with the PATH of this environment. */
export function candidatePaths(file: string, variables: object): readonly string[] {
  if (file.includes('/')) return [file];
  return String(propertyOf(variables, 'PATH') ?? DEFAULT_PATH)
    .split(':')
    .map((directory) => (directory === '' ? file : `${directory}/${file}`));
}

/**
 * One string of `NAME=value` for all variables, each with a NUL at its end.
 *
 * @param added - Variables that replace those of the same name.
 */
function environment(variables: Variables, added: Variables): string {
  let text = Object.entries(added)
    .map(([name, value]) => `${name}=${value}\0`)
    .join('');
  for (const name of Object.keys(variables)) {
    const value = variables[name];
    if (value === undefined || Object.hasOwn(added, name)) continue;
    const content = `${value}`; // A symbol throws, as in Node.
    checkNoNul(name, `options.env['${name}']`);
    checkNoNul(content, `options.env['${name}']`);
    text += `${name}=${content}\0`;
  }
  // Node passes this variable on unless the environment has it; see NODE_V8_COVERAGE in its documentation.
  const coverage = variables === process.env ? undefined : propertyOf(process.env, 'NODE_V8_COVERAGE');
  if (coverage !== undefined && !Object.hasOwn(variables, 'NODE_V8_COVERAGE')) text += `NODE_V8_COVERAGE=${coverage}\0`;
  return text;
}

/** The first version of the OCI runtime specification that has a container process state. */
const RUNTIME_SPEC = '1.1.0';

/**
 * The container process state of the OCI runtime specification, which the agent is sent with the listener: three
 * strings, between which the addon writes the child's process ID.
 */
function containerState({ metadata }: AgentAddress, directory: string | undefined): readonly string[] {
  const version = `"ociVersion":${JSON.stringify(RUNTIME_SPEC)}`;
  const about = metadata === undefined ? '' : `,"metadata":${JSON.stringify(metadata)}`;
  const id = `"id":"seccomp-${crypto.randomUUID()}"`;
  const bundle = `"bundle":${JSON.stringify(resolvePath(directory ?? ''))}`;
  return [
    '{"pid":',
    `,${version},"fds":["seccompFd"]${about},"state":{"pid":`,
    `,${version},${id},"status":"creating",${bundle}}}`,
  ];
}
