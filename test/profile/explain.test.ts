/** Explanations: the rule that decided a call, the reason, and changes that lead to another action. */
import { describe, expect, test } from 'vitest';
import { explain } from '../../lib/analysis/explain.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import { BUILTIN_DEFINITIONS } from '../../lib/profile/builtin/index.js';
import type { ProfileDocument, RuleDocument } from '../../lib/profile/document/types.js';
import type { ExplainQuery } from '../../lib/profile/explain-query.js';
import { explainCall } from '../../lib/profile/explainer.js';
import { Profile } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { extend, loadProfile, parseProfile, profileOf } from '../../lib/profile/source.js';
import { abiOf } from '../../lib/syscalls/abi.js';
import { syscallsOf } from '../../lib/syscalls/table.js';

const host: Host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() };

const EPERM = { kind: 'errno', errno: 1 };
const ENOSYS = { kind: 'errno', errno: 38 };
const ALLOW = { kind: 'allow' };

function explained(profile: string, syscall: string, ...args: readonly (number | bigint)[]) {
  return explain(profile, { syscall, args }, { host });
}

const TEXT = `{
  "defaultAction": "SCMP_ACT_ERRNO",
  "syscalls": [
    { "names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "comment": "streams" },
    { "names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 1, "op": "SCMP_CMP_EQ" }] },
    { "names": ["write"], "action": "SCMP_ACT_LOG" },
    { "names": ["bpf"], "action": "SCMP_ACT_ALLOW", "excludes": { "caps": ["CAP_KILL"] }, "includes": { "minKernel": "5.0" } }
  ]
}`;

describe('for a call that a rule decides', () => {
  test('has the rule’s path, position and comment', () => {
    const { action, rule, why, changes } = explained(TEXT, 'read');
    expect(action).toEqual(ALLOW);
    expect(rule).toEqual({ path: 'syscalls[0]', comment: 'streams', line: 4, column: 5 });
    expect(why).toBe('inline, syscalls[0]: streams');
    expect(changes).toEqual([]);
  });

  test('has no change for a kernel version that every kernel meets', () => {
    const syscalls = [{ names: ['bpf'], action: 'SCMP_ACT_ALLOW' as const, includes: { minKernel: '' } }];
    const { changes } = explain(profileOf({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }), { syscall: 'bpf' }, { host });
    expect(changes).toEqual([]);
  });

  test('names the first of two rules, which decides', () => {
    expect(explained(TEXT, 'write').rule?.path).toBe('syscalls[0]');
  });

  test('names the more restrictive of two rules that overlap', () => {
    const args = (op: 'SCMP_CMP_NE' | 'SCMP_CMP_EQ', value: number) => [{ index: 0, op, value }];
    const profile = profileOf({
      defaultAction: 'SCMP_ACT_LOG',
      syscalls: [
        { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: args('SCMP_CMP_NE', 16) },
        { names: ['socket'], action: 'SCMP_ACT_ERRNO', args: args('SCMP_CMP_EQ', 40) },
      ],
    });
    const { action, rule, changes } = explain(profile, { syscall: 'socket', args: [40] }, { host });
    expect({ action, path: rule?.path }).toEqual({ action: EPERM, path: 'syscalls[1]' });
    expect(changes.map((change) => change.action.kind).sort()).toEqual(['allow', 'log']);
  });

  test('lists other arguments that lead to another action, once for each action', () => {
    expect(explained('docker-default', 'socket', 40).changes).toHaveLength(1);
    const { rule, changes } = explained(TEXT, 'socket', 1);
    expect(rule?.path).toBe('syscalls[1]');
    expect(changes.filter(({ kind }) => kind === 'arguments')).toEqual([
      { kind: 'arguments', by: 'with other arguments, such as argument 0 = 0', action: EPERM },
    ]);
  });

  test('lists facts of the host that lead to another action', () => {
    const { action, changes } = explained(TEXT, 'bpf');
    expect(action).toEqual(ALLOW);
    // If that rule does not apply, bpf is newer than every syscall that the profile names.
    expect(changes).toEqual([
      { kind: 'capability', by: 'with CAP_KILL', action: ENOSYS },
      { kind: 'kernel', by: 'before Linux 5.0', action: ENOSYS },
    ]);
  });
});

describe('for a profile that extends another', () => {
  const built = extend('docker-default').deny('getpid').comment('no numbers').deny('mount');

  test('names the rule by its index in the new document, not in the extended one', () => {
    const { rule, why } = explain(built, { syscall: 'getpid' }, { host });
    const index = built.document.syscalls.findIndex(({ comment }) => comment === 'no numbers');
    expect(rule?.path).toBe(`syscalls[${index}]`);
    expect(why).toBe(`"the profile built on docker-default", syscalls[${index}]: no numbers`);
    expect(explained('docker-default', 'getpid').why).toMatch(/^docker-default, syscalls\[\d+\]: /);
  });

  test('keeps the reasons of a built-in for calls that are still denied by default', () => {
    const { why } = explained('docker-default', 'bpf');
    expect(explain(built, { syscall: 'bpf' }, { host }).why).toBe(why);
  });

  test('names the new document in errors too', () => {
    const conflicting: ProfileDocument = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['bpf'], action: 'SCMP_ACT_ALLOW' },
        { names: ['bpf'], action: 'SCMP_ACT_KILL', includes: { caps: ['CAP_BPF'] } },
      ],
    };
    const able: Host = { ...host, capabilities: new Set(['CAP_BPF']) };
    const explaining = () =>
      explain(extend(conflicting).allow('read').allow('write'), { syscall: 'read' }, { host: able });
    expect(explaining).toThrow(/^"the profile built on inline": syscalls\[1\]: has no effect/);
  });

  test('a profile made by the builder is named after the function that made it', () => {
    expect(explain(Profile.allowlist().allow('read'), { syscall: 'read' }, { host }).why).toBe(
      'allowlist, syscalls[0]',
    );
  });
});

describe('for a call through socketcall', () => {
  const x86: Host = { ...host, abis: ['x86'] };
  const [SOCKET, CONNECT] = [1, 3];
  const socketcall = (profile: string, call: number) =>
    explain(profile, { syscall: 'socketcall', abi: 'x86', args: [call] }, { host: x86 });
  const text = `{
    "defaultAction": "SCMP_ACT_ERRNO",
    "syscalls": [
      { "names": ["read"], "action": "SCMP_ACT_ALLOW" },
      { "names": ["socket"], "action": "SCMP_ACT_ALLOW" },
      { "names": ["connect"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13, "args": [{ "index": 0, "value": 1, "op": "SCMP_CMP_EQ" }] }
    ]
  }`;

  test('names the rule on the call that socketcall makes', () => {
    expect(socketcall(text, SOCKET).rule?.path).toBe('syscalls[1]');
    expect(socketcall(text, CONNECT)).toMatchObject({ action: { errno: 13 }, rule: { path: 'syscalls[2]' } });
  });
});

test('names the rule even if two meanings of a value that is too large are combined', () => {
  const args = (value: number): RuleDocument['args'] => [{ index: 0, value, op: 'SCMP_CMP_EQ' }];
  const document: ProfileDocument = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: args(1) },
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: args(2 ** 32 + 2) },
    ],
  };
  const profile = profileOf(document, { mode: 'compat' });
  const question: ExplainQuery = { syscall: 'socket', args: [1], abi: 'x86' };
  expect(explain(profile, question, { host: { ...host, abis: ['x86'] } }).rule?.path).toBe('syscalls[0]');
});

describe('for a call that no rule decides', () => {
  test('says whether a rule names it', () => {
    expect(explained(TEXT, 'mount')).toEqual({
      action: EPERM,
      why: 'no rule of inline names it',
      changes: [],
    });
    expect(explained(TEXT, 'socket', 2).why).toBe('no rule that names it applies here');
  });

  test('lists changes that would allow it', () => {
    const old: Host = { ...host, kernel: { major: 4, minor: 19 } };
    expect(explain(TEXT, { syscall: 'bpf' }, { host: old }).changes).toEqual([
      { kind: 'kernel', by: 'from Linux 5.0 on', action: ALLOW },
    ]);
    const able: Host = { ...host, capabilities: new Set(['CAP_KILL']) };
    expect(explain(TEXT, { syscall: 'bpf' }, { host: able }).changes).toEqual([
      { kind: 'capability', by: 'without CAP_KILL', action: ALLOW },
    ]);
  });

  test('has the reason that a built-in gives', () => {
    const { action, why, changes } = explained('docker-default', 'mount');
    expect(action).toEqual(EPERM);
    expect(why).toBe('no rule that names it applies here: Mounts determine which files of the host a container sees.');
    expect(changes).toEqual([{ kind: 'capability', by: 'with CAP_SYS_ADMIN', action: ALLOW }]);
  });

  test('says that the profile does not cover the ABI', () => {
    const { action, rule, why } = explain('docker-default', { syscall: 'clone3', abi: 'aarch64' }, { host });
    expect({ action, rule, why }).toEqual({
      action: { kind: 'kill-process' },
      why: 'docker-default does not cover the ABI aarch64 on x86_64',
    });
  });
});

test('says for unconfined that nothing is filtered, and refuses a host, which would have no effect', () => {
  const read = { syscall: 'read' };
  const nothing = { action: ALLOW, why: 'nothing is filtered', changes: [] };
  for (const source of ['unconfined', Profile.unconfined]) expect(explain(source, read)).toEqual(nothing);
  for (const options of [{ host }, { capabilities: ['CAP_BPF'] }, { abis: ['x86'] }] as const)
    expect(() => explain('unconfined', read, options)).toThrow(
      /^options\.(host|capabilities|abis): has no effect on unconfined: leave it out$/,
    );
  expect(() => explain('unconfined', { syscall: 'read', args: [0.5] })).toThrow(/up to six integers/);
});

test('reads negative arguments as C does', () => {
  expect(explained('docker-default', 'personality', -1).action).toEqual(ALLOW);
});

// The rule must name the syscall, and the action must be that of the policy. The built-ins take turns with the calls.
const TURNS = 8;
test.each([...BUILTIN_DEFINITIONS.keys()].map((name, turn) => [name, turn] as const))(
  'has a rule for each call that %s allows, and the action that the policy has',
  (name, turn) => {
    const profile = loadProfile(name);
    const policy = resolve(profile, host);
    for (const [syscall, number] of [...syscallsOf('x86_64')].filter((_, i) => (i + turn) % TURNS === 0)) {
      const { action, rule } = explainCall(profile, { syscall }, host);
      const args = [0n, 0n, 0n, 0n, 0n, 0n];
      expect(action, syscall).toEqual(evaluate(policy, { arch: abiOf('x86_64').audit, number, args }));
      if (action.kind !== 'allow') continue;
      const named = (profile.document.syscalls ?? []).find((_, i) => `syscalls[${i}]` === rule?.path)?.names;
      expect(named, `${syscall}: ${rule?.path}`).toContain(syscall);
    }
  },
);

test('works for a profile that would be refused with another default action', () => {
  const never = '"args": [{ "index": 1, "value": 0, "op": "SCMP_CMP_LT" }]';
  const rule = `{ "names": ["read"], "action": "SCMP_ACT_KILL", ${never} }`;
  const text = `{ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [${rule}] }`;
  expect(explained(text, 'read')).toEqual({ action: EPERM, why: expect.any(String), changes: expect.any(Array) });
});

test('leaves out changes to hosts on which the profile is refused', () => {
  const rules = `
    { "names": ["bpf"], "action": "SCMP_ACT_ALLOW" },
    { "names": ["bpf"], "action": "SCMP_ACT_KILL", "includes": { "caps": ["CAP_BPF"] } }`;
  const text = `{ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [${rules}] }`;
  expect(() => resolve(parseProfile(text), { ...host, capabilities: new Set(['CAP_BPF']) })).toThrow('has no effect');
  expect(explained(text, 'bpf')).toMatchObject({ action: ALLOW, changes: [] });
});

test.each<[string, ExplainQuery, RegExp]>([
  ['a syscall that is none', { syscall: 'mountt' }, /x86_64 has no syscall mountt \(did you mean mount\?\)/],
  ['seven arguments', { syscall: 'read', args: [0, 0, 0, 0, 0, 0, 0] }, /up to six integers/],
  ['half an argument', { syscall: 'read', args: [0.5] }, /up to six integers/],
  ['65 bits', { syscall: 'read', args: [2n ** 64n] }, /from −2⁶³ to 2⁶⁴ − 1/],
  ['64 bits and a sign', { syscall: 'read', args: [-(2n ** 63n) - 1n] }, /from −2⁶³ to 2⁶⁴ − 1/],
])('refuses %s', (_, question, message) => {
  expect(() => explainCall(parseProfile(TEXT), question, host)).toThrow(message);
});

test('refuses an unknown capability', () => {
  expect(() => explain(TEXT, { syscall: 'read' }, { capabilities: ['CAP_BPFF'] })).toThrow(/did you mean CAP_BPF\?/);
});

describe('what paths denies to a child is a change', () => {
  const changeOf = (syscall: string, ...args: readonly number[]) => {
    const { changes } = explained('docker-default', syscall, ...args);
    return changes.filter(({ kind }) => kind === 'paths').map(({ by, action }) => [by, action]);
  };
  const until = (version: string, errno: number) => [
    [`in a child with paths, before Linux ${version}`, { kind: 'errno', errno }],
  ];

  test('on every kernel, or on those whose Landlock does not check the call', () => {
    const opened = explain(Profile.denylist().deny('mount'), { syscall: 'open_by_handle_at' }, { host });
    expect(opened.changes).toEqual([{ kind: 'paths', by: 'in a child with paths', action: EPERM }]);
    expect(changeOf('socket', 1, 1)).toEqual(until('7.1', 97));
    expect(changeOf('openat', 0, 0, 3)).toEqual(until('6.10', 13));
    expect(changeOf('openat2')).toEqual(until('6.10', 38));
    expect(changeOf('truncate')).toEqual(until('6.2', 13));
  });

  test('and those that a process group as tree makes', () => {
    const by = "in a child with descendants: 'kill', before Linux 6.12";
    expect(explain('docker-default', { syscall: 'setsid' }).changes).toEqual([
      { kind: 'descendants', by, action: EPERM },
    ]);
  });

  test('but not for other arguments, nor if the profile denies the call', () => {
    expect(changeOf('socket', 2, 1)).toEqual([]);
    expect(changeOf('openat', 0, 0, 1)).toEqual([]);
    expect(changeOf('open_by_handle_at')).toEqual([]);
  });
});
