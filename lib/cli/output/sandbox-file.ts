/** The sandbox file that `seccomp record` writes: the profile and the paths of a recording, beside the keys it had before. */

import { realpathSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { loadSandbox, type Paths, type Profile, type RecordedKind, type Recording } from '../../index.js';
import { connectsToNscd } from '../../notify/violations/fallback.js';
import { readJson } from '../../profile/json/read.js';
import { isObject, type JsonObject } from '../../profile/json/value.js';
import { jsonText } from '../../profile/json/write.js';
import { readRegularFile } from '../../profile/read-file.js';
import { printableJson, quoted, shownName } from '../../util/foreign-text.js';

/** A sandbox file to which a recording adds: its keys, and what it has itself, not by what it extends. */
export interface SandboxBefore {
  readonly document: JsonObject;
  readonly profile: Profile | undefined;
  readonly paths: Paths | undefined;
  /** Whether the whole sandbox has no network. */
  readonly hasNoNetwork: boolean;
}

/**
 * Reads a sandbox file to which a recording adds.
 *
 * @param name - Its name in messages.
 * @throws {SandboxFileError} if it has mistakes. Error if its profile is not in it.
 */
export function sandboxBefore(path: string, name: string): SandboxBefore {
  const { profile, contents } = loadSandbox(path);
  const { parsed } = readJson(readRegularFile(path, name, 'sandbox'));
  const document = isObject(parsed?.value) ? parsed.value : {};
  const isInside = isObject(document['profile']);
  if (document['profile'] !== undefined && !isInside)
    throw new Error(
      `${shownName(name)}: its profile is ${printableJson(document['profile'])}, and --merge adds to a profile in the file itself: record into another file`,
    );
  return {
    document,
    profile: isInside && !Array.isArray(profile) ? (profile as Profile) : undefined,
    paths: absolute(document['paths'] as Paths | undefined, dirname(path)),
    hasNoNetwork: contents.network === 'none',
  };
}

const LISTS = ['read', 'write', 'execute'] as const;

type Grant = NonNullable<Paths['read']>[number];

/** The lists with every path changed, but not the words. */
function withPaths(paths: Paths, change: (path: string) => string): Paths {
  const changed = (grant: Grant): Grant => {
    if (typeof grant === 'string') return grant.startsWith('@') ? grant : change(grant);
    return grant instanceof URL ? grant : { ...grant, path: change(String(grant.path)) };
  };
  return Object.fromEntries(
    LISTS.flatMap((list) => {
      const grants = paths[list];
      return grants === undefined ? [] : [[list, grants.map(changed)]];
    }),
  );
}

const absolute = (paths: Paths | undefined, directory: string): Paths | undefined =>
  paths && withPaths(paths, (path) => resolve(directory, path));

/** A path as the file has it: relative to its directory if it is beneath that. */
function inFile(path: string, directory: string): string {
  const whole = resolve(path);
  const way = relative(directory, whole);
  if (way === '..' || way.startsWith('../') || realpathSync(directory) !== directory) return whole;
  return way === '' ? '.' : `./${way}`;
}

/** Calls that need a network, whatever their arguments. */
const OF_NETWORK: readonly string[] = ['socketcall', 'bind', 'listen'];

/** Whether a call is one that `"network": "none"` denies, and that a program does not do without. */
function usesNetwork(call: RecordedKind): boolean {
  const { syscall, decoded } = call;
  const [first = '', second = ''] = decoded;
  if (syscall === 'socket') return first !== 'AF_UNIX';
  if (syscall === 'socketpair') return !/SOCK_STREAM|SOCK_SEQPACKET/.test(second);
  if (syscall === 'connect') return !connectsToNscd(call);
  return OF_NETWORK.includes(syscall);
}

/**
 * The content of the file.
 *
 * @param before - What it was before; undefined for a new file.
 */
export function sandboxContent(
  output: string,
  { profile, paths = {}, calls }: Recording,
  { document: before, hasNoNetwork = false }: Partial<SandboxBefore> = {},
): { readonly text: string; readonly notes: readonly string[] } {
  const directory = resolve(dirname(output));
  const isUsed = calls.some(usesNetwork);
  const wasClosed = before?.['network'] === 'none';
  const notes = isUsed && hasNoNetwork ? [wasClosed ? OPENED : STILL_CLOSED] : [];
  const document = {
    ...before,
    paths: withPaths(paths, (path) => inFile(path, directory)),
    network: !isUsed && (before === undefined || wasClosed) ? 'none' : undefined,
    profile: profile.toJSON(),
  };
  const keys = Object.entries(document).filter(([, value]) => value !== undefined);
  const lines = keys.map(
    ([key, value]) => `  ${quoted(key)}: ${key === 'paths' ? inLines(value) : jsonText(value, INDENT)}`,
  );
  return { text: `{\n${lines.join(',\n')}\n}\n`, notes };
}

const OPENED = 'the program made sockets, so that "network": "none" is no longer in the file';
const STILL_CLOSED =
  'the program made sockets, which what the file extends denies: extend another sandbox to allow them';

const INDENT = '\n  ';

/** Each path on a line of its own, to be reviewed and found by its number. */
const inLines = (value: unknown): string => printableJson(value, 2).replaceAll('\n', INDENT);
