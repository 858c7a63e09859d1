/** Each mistake in a sandbox file is an error with its position, the reason and the remedy. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { SandboxFileError } from '../../../lib/errors.js';
import { loadSandbox } from '../../../lib/sandbox/load-sandbox.js';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-mistakes-')));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'sandbox.json');
writeFileSync(join(directory, 'bad.json'), '{"paths":{"reed":[]}, "timeout":"x"}');
writeFileSync(join(directory, 'loop.json'), '{"extends":"./loop2.json"}');
writeFileSync(join(directory, 'loop2.json'), '{"extends":"./loop.json"}');
writeFileSync(join(directory, 'p.json'), '{"defaultAction":"SCMP_ACT_ALOW"}');

/** The errors of a text, as `line:column path: message`. */
function errorsIn(text: string): readonly string[] {
  writeFileSync(file, text);
  try {
    loadSandbox(file);
    return [];
  } catch (error) {
    if (!(error instanceof SandboxFileError)) throw error;
    expect(error).toMatchObject({ code: 'ERR_SECCOMP_SANDBOX', source: file });
    return error.issues
      .filter(({ severity }) => severity === 'error')
      .map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
      .map((each) => each.replaceAll(directory, 'DIRECTORY').replaceAll(homedir(), 'HOME'));
  }
}

/** The content of an object whose braces are on lines of their own, and its errors. */
const KEYS: readonly (readonly [keys: string, ...errors: readonly string[]])[] = [
  ['"timeout": 5,', '3:1 : this is not JSON: expected a key in double quotes, found "}"; remove the comma before it'],
  ['timeout: 5', '2:3 : this is not JSON: expected a key in double quotes, found "t"'],
  ['"tiemout": 5', '2:3 tiemout: is an unknown key (did you mean timeout?)'],
  ['"read": ["."]', '2:3 read: is an unknown key: it is one of paths: write "paths": { "read": […] }'],
  ['"memory": "1G"', '2:3 memory: is an unknown key: it is one of limits: write "limits": { "memory": … }'],
  [
    '"syscalls": []',
    '2:3 syscalls: is an unknown key: it is one of a profile: write "profile": { … } around the keys of the profile',
  ],
  ['"cwd": "/"', '2:3 cwd: is an unknown key: it is an option of spawn and run, and of no file: give it there'],
  ['"comment": "x"', '2:3 comment: is an unknown key: no key is for comments: a profile has one'],
  ['"timeout":1,"timeout":2', '2:15 timeout: is repeated: keep one of the two'],
  ['"timeout": null', '2:3 timeout: must be a number of milliseconds, not null: leave it out'],
  ['"extends": 5', "2:3 extends: must be a built-in sandbox's name or the path of a sandbox file, not 5"],
  ['"extends": ""', "2:3 extends: is empty: give a built-in sandbox's name or the path of a sandbox file"],
  [
    '"extends": "docker-default"',
    '2:3 extends: unknown built-in sandbox "docker-default": docker-default is a profile: write { "profile": "docker-default" }',
  ],
  [
    '"extends": "untrustd"',
    '2:3 extends: unknown built-in sandbox "untrustd" (did you mean untrusted?): the known name is untrusted. To use a file, put ./ before its name',
  ],
  [
    '"extends": "./nope.json"',
    "2:3 extends: ./nope.json: the sandbox can't be read (ENOENT: no such file or directory): give the path of a file that exists and is readable",
  ],
  [
    '"extends": "./bad.json"',
    '2:3 extends: ./bad.json has 2 errors, of which this is the first: ./bad.json:1:11: paths.reed: is an unknown key (did you mean read?)',
  ],
  [
    '"extends": "./loop.json"',
    '2:3 extends: ./loop.json has an error: ./loop.json:1:2: extends: ./loop2.json has an error: ./loop2.json:1:2: extends: ./loop.json extends this file again: leave one of them out',
  ],
  [
    '"profile": 5',
    "2:3 profile: must be a built-in's name, the path of a profile, a profile, or a list of these, not 5",
  ],
  ['"profile": []', '2:3 profile: must be a list of 1 to 8 profiles, and this one has 0'],
  [
    '"profile": "dokcer-default"',
    '2:3 profile: unknown built-in profile "dokcer-default" (did you mean docker-default?): known names are docker-default, podman-default, node, node-no-network, node-no-exec, compute, unconfined, builtin, RuntimeDefault, Unconfined. To use a file, put ./ before its name',
  ],
  ['"profile": "untrusted"', '2:3 profile: untrusted is a sandbox: write "extends": "untrusted"'],
  [
    '"profile": "./nope.json"',
    "2:3 profile: ./nope.json: the profile can't be read (ENOENT: no such file or directory): give the path of a file that exists and is readable",
  ],
  [
    '"profile": "./p.json"',
    '2:3 profile: ./p.json has an error: ./p.json:1:2: defaultAction: unknown action "SCMP_ACT_ALOW" (did you mean SCMP_ACT_ALLOW?)',
  ],
  [
    '"profile": {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names":["read"],"action":"SCMP_ACT_ALOW"}]}',
    '2:81 profile.syscalls[0].action: unknown action "SCMP_ACT_ALOW" (did you mean SCMP_ACT_ALLOW?)',
  ],
  ['"profile": "{}"', '2:3 profile: is JSON in a text: write the profile itself, without quotes'],
  [
    '"profile": ["docker-default", 7]',
    "2:33 profile[1]: must be a built-in's name, the path of a profile, or a profile, not 7",
  ],
  [
    '"isolate": "true"',
    '2:3 isolate: must be true, false or { "abstractSockets": true }, not "true": write it without quotes',
  ],
  [
    '"isolate": {"abstractsockets": true}',
    '2:15 isolate.abstractsockets: is an unknown key (did you mean abstractSockets?)',
  ],
  ['"isolate": 1', '2:3 isolate: must be true, false or { "abstractSockets": true }, not 1'],
  [
    '"paths": ["."]',
    '2:3 paths: must be an object with the lists read, write and execute, not a list: write { "read": […] }',
  ],
  ['"paths": "."', '2:3 paths: must be an object with the lists read, write and execute, not "."'],
  ['"paths": {"raed": []}', '2:13 paths.raed: is an unknown key (did you mean read?)'],
  [
    '"paths": {"deny": []}',
    '2:13 paths.deny: is an unknown key: what is not named is denied, and nothing beneath a granted directory can be denied: grant its other entries instead',
  ],
  ['"paths": {"readwrite": []}', '2:13 paths.readwrite: is an unknown key: use write, which grants reading too'],
  ['"paths": {"read": "."}', '2:13 paths.read: must be a list of paths, not ".": write ["."], also for one path'],
  ['"paths": {"read": [5]}', '2:22 paths.read[0]: must be a path, or { "path": …, "optional": true }, not 5'],
  ['"paths": {"read": [""]}', '2:22 paths.read[0]: is empty: give a path, or { "path": …, "optional": true }'],
  [
    '"paths": {"read": ["@sytem"]}',
    '2:22 paths.read[0]: "@sytem" is unknown (did you mean @system?); a file of that name is ./@sytem',
  ],
  [
    '"paths": {"write": ["@system"]}',
    "2:23 paths.write[0]: @system has rights of its own, so it can't be granted for writing: put it into read",
  ],
  [
    '"paths": {"read": ["~/x"]}',
    '2:22 paths.read[0]: "~/x" does not exist (ENOENT): ~ is not expanded, so write HOME/x',
  ],
  [
    '"paths": {"read": ["$HOME/x"]}',
    '2:22 paths.read[0]: "$HOME/x" does not exist (ENOENT): $HOME is not expanded, so write its value',
  ],
  [
    '"paths": {"read": ["*.txt"]}',
    '2:22 paths.read[0]: "*.txt" does not exist (ENOENT): patterns are not expanded, so grant the directory DIRECTORY',
  ],
  ['"paths": {"read": ["file:///etc"]}', '2:22 paths.read[0]: "file:///etc" is a URL: give the path, /etc'],
  [
    '"paths": {"read": ["https://x/y"]}',
    '2:22 paths.read[0]: is a URL of https:, and only files can be granted: give a path',
  ],
  ['"paths": {"read": [{"optional": true}]}', '2:22 paths.read[0]: is missing "path": add it'],
  [
    '"paths": {"read": [{"path": "x", "optional": "yes"}]}',
    '2:36 paths.read[0].optional: must be true or false, not "yes"',
  ],
  [
    '"paths": {"read": [{"path": "@system", "optional": true}]}',
    "2:22 paths.read[0]: @system can't be optional: what a system lacks of it is skipped anyway",
  ],
  [
    '"paths": {"read": [{"pth": "x"}]}',
    '2:22 paths.read[0]: is missing "path": add it',
    '2:23 paths.read[0].pth: is an unknown key (did you mean path?)',
  ],
  [
    '"network": "any"',
    '2:3 network: must be "none", not "any": leave it out to leave the network open, for this is the only value',
  ],
  [
    '"network": {"connect": []}',
    '2:3 network: must be "none", not an object: leave it out to leave the network open, for this is the only value',
  ],
  [
    '"network": false',
    '2:3 network: must be "none", not false: leave it out to leave the network open, for this is the only value',
  ],
  [
    '"limits": {"memory": "512X"}',
    '2:14 limits.memory: must be a number of bytes, or a text such as "512M", "1.5G" or "64KiB", with the unit K, M, G or T (powers of 1,024), not \'512X\'',
  ],
  [
    '"limits": {"memory": 512}',
    '2:14 limits.memory: must be at least 1M, and this is 512 bytes: no program starts in less',
  ],
  ['"limits": {"processes": 1.5}', '2:14 limits.processes: must be an integer from 1 to 4,194,304, not 1.5'],
  ['"limits": {"processes": "64"}', '2:14 limits.processes: must be a number, not "64": write it without quotes'],
  ['"limits": {"cpu": 0}', '2:14 limits.cpu: must be a number of CPUs from 0.01 to 8,192, not 0'],
  ['"limits": {"time": 5}', '2:14 limits.time: is an unknown key: the key timeout, beside limits, limits the time'],
  ['"limits": {"exact": false}', '2:14 limits.exact: has no effect without memory, processes or cpu: leave it out'],
  ['"limits": {"exact": "no", "memory":"1G"}', '2:14 limits.exact: must be true, false or "preferred", not "no"'],
  ['"limits": 5', '2:3 limits: must be an object such as { "memory": "512M", "processes": 64 }, not 5'],
  ['"rlimits": {"nofil": 5}', '2:15 rlimits.nofil: is an unknown key (did you mean nofile?)'],
  [
    '"rlimits": {"core": "many"}',
    '2:15 rlimits.core: must be a number of bytes, or a text such as "512M", "1.5G" or "64KiB", with the unit K, M, G or T (powers of 1,024), "unlimited", or { soft, hard } of these, not \'many\'',
  ],
  [
    '"rlimits": {"nofile": "5K"}',
    '2:15 rlimits.nofile: must be an integer from 0 to 2⁶⁴ − 1, "unlimited", or { soft, hard } of these, not \'5K\'',
  ],
  ['"rlimits": {"cpu": {"soft": 5}}', '2:15 rlimits.cpu: is missing "hard": add it'],
  [
    '"rlimits": {"cpu": {"soft": 5, "hard": 1}}',
    '2:15 rlimits.cpu: must be a soft limit that is not above the hard one, not 5',
  ],
  ['"rlimits": {"memory": 5}', '2:15 rlimits.memory: is an unknown key: limits has memory, for all processes together'],
  [
    '"rlimits": {"cpu": -1}',
    '2:15 rlimits.cpu: must be an integer from 0 to 2⁶⁴ − 1, "unlimited", or { soft, hard } of these, not -1',
  ],
  [
    '"env": "PATH"',
    '2:3 env: must be an object of variables, or a list of the names of variables to pass on, not "PATH": write ["PATH"], also for one variable',
  ],
  ['"env": ["A=B"]', '2:11 env[0]: is no name of a variable, which has no "=": to set it, write "env": { "A": … }'],
  ['"env": ["A*"]', '2:11 env[0]: "A*" is no name of one variable: names are literal, so write each of them'],
  ['"env": {"A": 5}', '2:11 env.A: must be a text, not 5: write it in quotes'],
  ['"env": {"": "x"}', '2:11 env[""]: is no name of a variable: it is empty'],
  [
    '"env": {"HOME": "@tmp"}',
    '2:11 env.HOME: "@tmp" is the directory that paths grants by that word, and it does not: add "@tmp" to "write" of "paths"',
  ],
  ['"env": {"A": "a\\u0000b"}', '2:11 env.A: has a null byte, which no text may have here: remove it'],
  ['"timeout": "60s"', '2:3 timeout: must be a number of milliseconds, not "60s": write 60000'],
  ['"timeout": 1.5', '2:3 timeout: must be a whole number of milliseconds from 0, for none, to 2147483647, not 1.5'],
  ['"timeout": -1', '2:3 timeout: must be a whole number of milliseconds from 0, for none, to 2147483647, not -1'],
  [
    '"timeout": 1e12',
    '2:3 timeout: must be a whole number of milliseconds from 0, for none, to 2147483647, not 1000000000000',
  ],
  ['"timeout": "abc"', '2:3 timeout: must be a number of milliseconds, not "abc": write one such as 60000'],
  ['"descendants": "end"', '2:3 descendants: must be "kill" or "leave", not "end"'],
  [
    '"descendants": "kill", "isolate": false',
    '2:3 descendants: what ends the descendants needs isolation: leave out "isolate": false',
  ],
  [
    '"capabilities": ["SYS_ADMIN"]',
    '2:20 capabilities[0]: must be a capability such as "CAP_NET_BIND_SERVICE" (did you mean CAP_SYS_ADMIN?), not "SYS_ADMIN"',
  ],
  ['"capabilities": "CAP_SYS_ADMIN"', '2:3 capabilities: must be a list of capabilities, not "CAP_SYS_ADMIN"'],
  ['"$schema": 5', '2:3 $schema: must be the address of the schema, not 5'],
  [
    '"isolate": { "abstractSockets": true }, "network": "none"',
    '2:3 isolate: "abstractSockets": true has no effect with "network": "none", which denies all sockets: leave out one of the two',
  ],
  [
    '"limits": { "processes": 5, "exact": false }, "descendants": "leave"',
    '2:49 descendants: "exact": false needs a guardian, which ends the descendants: leave out one of the two',
  ],
  [
    '"rlimits": { "nofile": "64" }',
    '2:16 rlimits.nofile: must be a number, "unlimited", a size such as "512M", or { "soft": …, "hard": … }, not "64": write it without quotes',
  ],
];

describe('a sandbox file is refused for', () => {
  test.each(KEYS)('%s', (keys, ...errors) => {
    expect(errorsIn(`{\n  ${keys}\n}`)).toEqual(errors);
  });

  test.each([
    ['[]', '1:1 : must be an object, not a list'],
    ['"untrusted"', '1:1 : must be an object, not "untrusted"'],
    ['{"timeout": 5} x', '1:16 : this is not JSON: expected the end, found "x"'],
    ['// a\n{}', '1:1 : this is not JSON: expected a value, found "/"; JSON has no comments'],
  ])('the text %s', (text, error) => {
    expect(errorsIn(text)).toEqual([error]);
  });
});

test.each([
  ...['read', 'write', 'execute'].map((key) => [key, `it is one of paths: write "paths": { "${key}": […] }`]),
  ...['memory', 'processes', 'cpu'].map((key) => [key, `it is one of limits: write "limits": { "${key}": … }`]),
  ...['defaultAction', 'syscalls', 'architectures', 'archMap', 'flags', 'linux'].map((key) => [
    ...[key, 'it is one of a profile: write "profile": { … } around the keys of the profile'],
  ]),
  ...['uid', 'notify', 'stdio'].map((key) => [key, 'it is an option of spawn and run, and of no file: give it there']),
  [
    'nothing',
    'the keys are $schema, extends, profile, isolate, paths, network, limits, rlimits, env, timeout, descendants',
  ],
])('the key %s is unknown: %s', (key, remedy) => {
  const [error] = errorsIn(JSON.stringify({ [String(key)]: 1 }));
  expect(error).toContain(`1:2 ${key}: is an unknown key: ${remedy}`);
});

describe('keys that are repeated are refused', () => {
  test.each([
    ['"profile": "docker-default", "profile": "unconfined"', '2:32 profile: is repeated: keep one of the two'],
    [
      '"profile": { "defaultAction": "SCMP_ACT_ERRNO", "defaultAction": "SCMP_ACT_ALLOW" }',
      '2:51 profile.defaultAction: the key "defaultAction" is repeated',
    ],
    [
      '"profile": [{ "defaultAction": "SCMP_ACT_LOG", "syscalls": [], "syscalls": [] }]',
      '2:66 profile[0].syscalls: the key "syscalls" is repeated',
    ],
    ['"env": { "A": "1", "A": "2" }', '2:22 env.A: is repeated: keep one of the two'],
  ])('%s', (keys, error) => {
    expect(errorsIn(`{\n  ${keys}\n}`)).toEqual([error]);
  });

  test('however many there are', () => {
    const rules = Array.from({ length: 16_384 }, () => '{"names":["a"],"names":["read"],"action":"SCMP_ACT_ERRNO"}');
    const text = `{"profile":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${rules}]},"timeout":5,"timeout":0}`;
    expect(errorsIn(text)).toContain('1:1 : has 16384 repeated keys or more: keep one of each');
  });
});

test('all mistakes are reported at once, in the order of the text', () => {
  const text = '{\n "timeout": "1m",\n "profile": { "defaultAction": "X" },\n "paths": { "red": [] },\n "cwd": 1\n}';
  expect(errorsIn(text).map((each) => each.split(': ', 1)[0])).toEqual([
    '2:2 timeout',
    '3:15 profile.defaultAction',
    '4:13 paths.red',
    '5:2 cwd',
  ]);
});

test('the message of the error has the places, and JSON.stringify writes the issues', () => {
  writeFileSync(file, '{ "timeout": "1m" }');
  const error = (() => {
    try {
      return loadSandbox(file);
    } catch (reason) {
      return reason as SandboxFileError;
    }
  })();
  expect(error).toMatchObject({
    message: `${file}:1:3: timeout: must be a number of milliseconds, not "1m": write 60000`,
  });
  expect(JSON.parse(JSON.stringify(error))).toMatchObject({ issues: [{ line: 1, column: 3, path: 'timeout' }] });
});
