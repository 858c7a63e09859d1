/** A profile's listenerPath: the agent that is sent the listener of a child's filter, and what it is told of the child. */
import { isAbsolute, resolve as resolvePath } from 'node:path';
import { SeccompError } from '../../errors.js';
import { compilePolicy } from '../../filter/compile.js';
import type { Filter } from '../../filter/filter.js';
import { machineAbis } from '../../host.js';
import type { NativeFailure, NativeRequest } from '../../native.js';
import { supervisedDenials, withDenials } from '../../policy/isolation-denials.js';
import { systemError } from '../child/start-errors.js';
import type { SupervisorOptions } from '../options/options.js';
import {
  type Agent,
  agentOf,
  asksSupervisor,
  decidedAll,
  type HostOptions,
  Memo,
  type Sources,
  variantOf,
} from './plan-filters.js';

/** The version of the specification that is written here: the first that has such states. */
const RUNTIME_SPEC = '1.1.0';

/** A filter whose listener an agent is sent. */
export interface Handed {
  readonly filter: Filter;
  readonly agent: Agent;
}

/** What a child does under its filter before it becomes its program, or ends. */
const GATE = ['execve', 'exit', 'exit_group', 'sendmsg'] as const;

/** As many bytes as sun_path of linux/un.h has, but for its NUL. */
const LONGEST_PATH = 107;
/** All of it goes into a socket's buffer at once, of which Linux has 208 KiB by default. */
const MOST_METADATA = 65_536;

/**
 * The filter for a profile that names an agent and has calls for it to answer; undefined for others.
 * @throws SeccompError ERR_SECCOMP_OPTION for an agent that can't be had.
 */
export function handed(
  sources: Sources,
  host: HostOptions,
  { notify, onViolation }: Pick<SupervisorOptions, 'notify' | 'onViolation'>,
  isolated = false,
): Handed | undefined {
  const agent = agentOf(sources);
  if (agent === undefined) return undefined;
  if (notify !== undefined || onViolation !== undefined)
    throw refused('names an agent that answers, and a filter has one: leave it out, or onViolation and notify');
  const all = decidedAll(sources, host);
  if (all === undefined || !asksSupervisor(all.policy)) return undefined; // As runtimes have it: there is nothing to answer.
  check(agent);
  const { policy, flags } = all;
  return made.get(sources, `${variantOf(host)};${isolated}`, () => {
    const confined = withDenials(policy, machineAbis(), supervisedDenials(policy, isolated));
    return { filter: compilePolicy(confined, { gate: GATE, flags }), agent };
  });
}

const made = new Memo<Handed>();

function check({ path, metadata = '' }: Agent): void {
  if (!isAbsolute(path)) throw refused(`${JSON.stringify(path)} is not absolute: write the whole path`);
  if (path.includes('\0')) throw refused('has a NUL, which no path has');
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw refused(
      `${path} has more than ${LONGEST_PATH} bytes, which no socket's path has: have the agent listen elsewhere`,
    );
  if (Buffer.byteLength(metadata) > MOST_METADATA)
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      `listenerMetadata: more than ${MOST_METADATA} bytes: put it in a file`,
    );
}

const refused = (why: string) => new SeccompError('ERR_SECCOMP_OPTION', `listenerPath ${why}`);

/**
 * What is sent with the listener: the container process state of the OCI runtime specification, in texts between which the
 * child's number belongs.
 */
export function agentRequest({ path, metadata }: Agent, cwd: string | undefined): NonNullable<NativeRequest['agent']> {
  const version = `"ociVersion":${JSON.stringify(RUNTIME_SPEC)}`;
  const about = metadata === undefined ? '' : `,"metadata":${JSON.stringify(metadata)}`;
  const id = `"id":"seccomp-${crypto.randomUUID()}"`;
  const bundle = `"bundle":${JSON.stringify(resolvePath(cwd ?? ''))}`;
  return {
    path,
    state: [
      '{"pid":',
      `,${version},"fds":["seccompFd"]${about},"state":{"pid":`,
      `,${version},${id},"status":"creating",${bundle}}}`,
    ],
  };
}

/** What to do, by the errno of a call that was made to reach the agent. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'nothing is there: start the agent'],
  ['ECONNREFUSED', 'nobody listens there any more: start the agent'],
  ['EACCES', 'this user may not connect to it: give it the right to write to the socket'],
  ['EAGAIN', 'the agent does not keep up with those who connect: see that it runs'],
  ['EPIPE', 'the agent has closed the connection: see what it refuses'],
  ['ECONNRESET', 'the agent has closed the connection: see what it refuses'],
  ['EPROTOTYPE', 'this is no socket of type SOCK_STREAM'],
]);

/** The error for an agent that was not reached; undefined if the failure is about something else. */
export function agentError({ error, call }: NativeFailure, path: string): SeccompError | undefined {
  if (call !== 'connect' && call !== 'sendmsg' && call !== 'socket') return undefined;
  const cause = systemError(error, call);
  const remedy = REMEDIES.get(cause.code ?? '') ?? 'the agent can not be reached';
  const message = `listenerPath ${path}: ${cause.message}, and nothing was started: ${remedy}, or leave listenerPath out`;
  return new SeccompError('ERR_SECCOMP_AGENT', message, { cause });
}
