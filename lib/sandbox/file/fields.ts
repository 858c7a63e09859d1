/** The fields of a sandbox file. Its types, its checks and its JSON Schema follow from this table. */
import { MOST_PATHS, WORDS } from '../../landlock/paths/option.js';
import { RESOURCES } from '../../process-tree/rlimits.js';
import { BUILTIN_DEFINITIONS } from '../../profile/builtin/index.js';
import { type JsonSchema, jsonSchema } from '../../profile/document/schema.js';
import type { JsonObject } from '../../profile/json/value.js';
import { SANDBOX_NAMES, UNCONFINED } from '../../profile/source-names.js';
import { CAPABILITIES } from '../../syscalls/capabilities.js';
import { isOption } from '../options/table.js';
import {
  choice,
  FLAG,
  type Kind,
  listOf,
  mapOf,
  number,
  numberOrText,
  objectOf,
  oneOf,
  quotedFlag,
  text,
  type ValueOf,
} from './kinds.js';

/** More than there are capabilities or profiles for one program. */
const MOST_NAMES = 256;

/** A kind whose schema is written once. */
const defined = <Value>(name: string, kind: Kind<Value>): Kind<Value> => ({
  ...kind,
  json: { $ref: `#/definitions/${name}` },
});

/** A kind for which editors propose these texts beside others. */
const proposing = (names: readonly string[], kind: Kind<string>): Kind<string> => ({
  ...kind,
  json: { anyOf: [{ enum: names }, kind.json] },
});

/** Its content is checked as that of a profile. */
const PROFILE_DOCUMENT: Kind<JsonObject> = {
  json: { $ref: '#/definitions/profile' },
  read: (value) => value as JsonObject,
};
const PROFILE_NAME = proposing(
  [...BUILTIN_DEFINITIONS.keys(), UNCONFINED],
  text("a built-in's name or the path of a profile"),
);
const ONE_PROFILE = oneOf(
  { string: PROFILE_NAME, object: PROFILE_DOCUMENT },
  "a built-in's name, the path of a profile, or a profile",
);
const PROFILE = oneOf(
  { string: PROFILE_NAME, object: PROFILE_DOCUMENT, list: listOf(ONE_PROFILE, 'a list of profiles', MOST_NAMES) },
  "a built-in's name, the path of a profile, a profile, or a list of these",
);

const ONE_PATH = 'a path, or { "path": …, "optional": true }';
/** In an object that a program gives, a path can also be a URL, as for the option `paths`. */
const orUrl = <Value>(kind: Kind<Value>): Kind<Value | URL> => ({
  ...kind,
  read: (value, path, problems) => (value instanceof URL ? value : kind.read(value, path, problems)),
});

const PATH = orUrl(proposing(WORDS, text(ONE_PATH)));
const PATH_ENTRY = objectOf(
  {
    path: { kind: PATH, about: 'The path.', isRequired: true },
    optional: {
      kind: FLAG,
      about: 'Whether to skip a path that does not exist. Otherwise the program does not start.',
    },
  },
  ONE_PATH,
);
const GRANT = orUrl(oneOf({ string: PATH, object: PATH_ENTRY }, ONE_PATH));
const PATHS = (isWriting: boolean) =>
  listOf(defined('path', GRANT), 'a list of paths', MOST_PATHS, (value) =>
    typeof value === 'string' ? `write ["${isWriting ? './out' : '.'}"], also for one path` : undefined,
  );

const HIDING = /^(deny|except|exclude|hide)/i;

const PATH_LISTS = objectOf(
  {
    read: {
      kind: PATHS(false),
      about:
        'Files to read, and directories beneath which all is read and listed. @system: programs and libraries, which most programs need. @node: Node. @tmp: a directory of its own, in TMPDIR.',
    },
    write: {
      kind: PATHS(true),
      about:
        'Files to read and write, and directories beneath which all is read, written, made, removed and renamed. Nothing in a writable directory is protected.',
    },
    execute: { kind: PATHS(false), about: 'Programs to read and execute, and directories beneath which all are.' },
  },
  'an object with the lists read, write and execute',
  (key) =>
    HIDING.test(key)
      ? 'what is not named is denied, and nothing beneath a granted directory can be denied: grant its other entries instead'
      : /write/i.test(key) && /read/i.test(key)
        ? 'use write, which grants reading too'
        : undefined,
  (value) => (Array.isArray(value) ? 'write { "read": […] }' : undefined),
);

const SIZE = 'a number of bytes, or a text such as "512M"';
const BYTES = numberOrText(SIZE, { type: 'integer', minimum: 0 });
const COUNT = number('a number', { type: 'integer', minimum: 1 });

const EXACT = 'true, false or "preferred"';
const LIMITS = objectOf(
  {
    memory: {
      kind: BYTES,
      about: 'Memory of the program and all that it starts: bytes, or a text such as "512M". All are killed above it.',
    },
    processes: { kind: COUNT, about: 'Number of processes and threads together. At the limit, fork fails.' },
    cpu: {
      kind: number('a number of CPUs, such as 1.5', { type: 'number', minimum: 0.01 }),
      about: 'Number of CPUs of which the time may be used, such as 1.5.',
    },
    exact: {
      kind: oneOf({ boolean: FLAG, string: choice(['preferred'], quotedFlag, EXACT) }, EXACT),
      about:
        'false: a guardian adds up every 100 ms what they use, and no cgroup is needed. "preferred": so only where no cgroup can enforce them. Default true.',
    },
  },
  'an object such as { "memory": "512M", "processes": 64 }',
  (key) => (/time/i.test(key) ? 'the key timeout, beside limits, limits the time' : undefined),
);

const LIMIT = 'a number, "unlimited", a size such as "512M", or { "soft": …, "hard": … }';
const VALUE = numberOrText(LIMIT, { type: 'integer', minimum: 0 });
const BOUNDS = objectOf(
  {
    soft: { kind: VALUE, about: 'The limit, which the program may raise up to the hard one.', isRequired: true },
    hard: { kind: VALUE, about: 'The limit above which the program may not raise the soft one.', isRequired: true },
  },
  LIMIT,
);
const RESOURCE = oneOf({ number: VALUE, string: VALUE, object: BOUNDS }, LIMIT);
const RLIMITS = objectOf(
  Object.fromEntries(
    RESOURCES.map((name) => [
      name,
      { kind: defined('resource', RESOURCE), about: `RLIMIT_${name.toUpperCase()} of each process: see getrlimit(2).` },
    ]),
  ),
  'an object such as { "nofile": 64, "core": 0 }',
  (key) => (/^(memory|processes)$/.test(key) ? `limits has ${key}, for all processes together` : undefined),
);

const VARIABLES = 'an object of variables, or a list of the names of variables to pass on';
const ENV = oneOf(
  {
    list: listOf(text('the name of a variable'), VARIABLES, MOST_PATHS),
    object: mapOf(
      text('a text', (value) => (value === undefined ? undefined : 'write it in quotes'), 0),
      VARIABLES,
    ),
  },
  VARIABLES,
  (value) => (typeof value === 'string' ? 'write ["PATH"], also for one variable' : undefined),
);

const ISOLATE = oneOf(
  {
    boolean: FLAG,
    object: objectOf(
      { abstractSockets: { kind: FLAG, about: "Whether to reach abstract Unix sockets outside, such as X11's." } },
      'true, false or { "abstractSockets": true }',
    ),
  },
  'true, false or { "abstractSockets": true }',
  quotedFlag,
);

const MILLISECONDS = 'a number of milliseconds';
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `60s` → `write 60000` */
function inMilliseconds(value: unknown): string | undefined {
  const [, count, unit] = (typeof value === 'string' && /^(\d+(?:\.\d+)?) ?(ms|s|m|h)$/.exec(value)) || [];
  const each = unit === undefined ? undefined : UNITS[unit];
  return each === undefined ? 'write one such as 60000' : `write ${Math.round(Number(count) * each)}`;
}

const CAPABILITY = choice(CAPABILITIES, undefined, 'a capability such as "CAP_NET_BIND_SERVICE"');

/** Keys that other tools have for these, or that are at another place here. */
const OTHER_KEYS: ReadonlyMap<string, string> = new Map([
  ...['read', 'write', 'execute'].map((key) => [key, `it is one of paths: write "paths": { "${key}": […] }`] as const),
  ...['memory', 'processes', 'cpu'].map(
    (key) => [key, `it is one of limits: write "limits": { "${key}": … }`] as const,
  ),
  ...['defaultAction', 'syscalls', 'architectures', 'archMap', 'flags', 'linux'].map(
    (key) => [key, 'it is one of a profile: write "profile": { … } around the keys of the profile'] as const,
  ),
  ['comment', 'no key is for comments: a profile has one'],
]);

/** The document of a sandbox file. */
export const SANDBOX = objectOf(
  {
    $schema: { kind: text('the address of the schema'), about: 'The address of this schema, for editors.' },
    extends: {
      kind: proposing(SANDBOX_NAMES, text("a built-in sandbox's name or the path of a sandbox file")),
      about:
        'The sandbox that this one adds to: "untrusted", or the path of another file. paths, env, limits and rlimits add to its entries; every other key replaces it.',
    },
    profile: {
      kind: PROFILE,
      about:
        'The calls that are allowed: a built-in such as "docker-default", the path of a profile, or a profile itself. Of a list, the strictest answer counts. Default "docker-default".',
    },
    isolate: {
      kind: ISOLATE,
      about: 'Whether the program is kept from other processes. true: it does not start where that is incomplete.',
    },
    paths: {
      kind: PATH_LISTS,
      about: 'The files that the program may reach, relative to this file. What is not named is denied.',
    },
    network: {
      kind: choice(['none'], () => 'leave it out to leave the network open, for this is the only value'),
      about: 'none: the program makes no sockets and no connections.',
    },
    limits: { kind: LIMITS, about: 'Limits of the program and all that it starts together. They need a cgroup.' },
    rlimits: { kind: RLIMITS, about: 'Resource limits of each process: setrlimit(2).' },
    env: {
      kind: ENV,
      about:
        'The environment: variables with their values, in which "@tmp" is the directory of its own; or the names of those to pass on. Default: all are passed on.',
    },
    timeout: {
      kind: number(MILLISECONDS, { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 }, inMilliseconds),
      about: 'Milliseconds until the program is ended, by SIGTERM and later SIGKILL. 0: never.',
    },
    descendants: {
      kind: choice(['kill', 'leave']),
      about: 'kill: all that the program has started ends with it. leave: it lives on.',
    },
    capabilities: {
      kind: listOf(CAPABILITY, 'a list of capabilities', MOST_NAMES),
      about: 'Capabilities that the program keeps, such as [] for none. Default: those that it has.',
    },
  },
  'an object',
  (key) =>
    OTHER_KEYS.get(key) ??
    (isOption(key) ? `it is an option of spawn and run, and of no file: give it there` : undefined),
);

/** The keys of a sandbox file. */
export const SANDBOX_KEYS: readonly string[] = Object.keys(Object(SANDBOX.json['properties']));

/** A document of the right types. What is missing in it has been reported. */
export type SandboxDocument = ValueOf<typeof SANDBOX>;

/** The JSON Schema of sandbox files. */
export function sandboxSchema(): JsonSchema {
  return { ...SANDBOX.json, definitions: { path: GRANT.json, resource: RESOURCE.json, profile: jsonSchema() } };
}
