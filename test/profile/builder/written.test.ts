/** This package and libseccomp read the builder's documents alike, so runtimes get what the author wrote. */
import { describe, expect, test } from 'vitest';
import { decodeInstructions } from '../../../lib/filter/bpf/instruction.js';
import { interpret } from '../../../lib/filter/bpf/interpreter.js';
import { returnValue } from '../../../lib/policy/action.js';
import { compare } from '../../../lib/policy/algebra.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import { arg } from '../../../lib/profile/builder/argument.js';
import { Profile, stringify } from '../../../lib/profile/profile.js';
import { type Host, resolve } from '../../../lib/profile/resolve/resolve.js';
import { extend, parseProfile } from '../../../lib/profile/source.js';
import { abiOf } from '../../../lib/syscalls/abi.js';
import { syscallNumber } from '../../../lib/syscalls/table.js';
import { libseccompFilter, libseccompObstacle, runcRules } from '../../support/libseccomp.js';

const hosts: readonly Host[] = [
  { abi: 'x86_64', abis: ['x86'], kernel: { major: 6, minor: 1 }, capabilities: new Set() },
  { abi: 'x86_64', kernel: { major: 4, minor: 4 }, capabilities: new Set(['CAP_SYS_ADMIN']) },
  { abi: 's390x', kernel: { major: 6, minor: 1 }, capabilities: new Set() },
  { abi: 'mips64', kernel: { major: 6, minor: 1 }, capabilities: new Set() },
];

const profiles: Readonly<Record<string, Profile>> = {
  'an extended docker-default': extend('docker-default')
    .allow('clone3', '@io-uring')
    .deny('@keyring')
    .deny('socket', arg(0).in(['AF_NETLINK', 'AF_PACKET']), { errno: 'EAFNOSUPPORT' }),
  'a denylist': Profile.denylist()
    .deny('clone', arg(0).hasFlags('CLONE_NEWUSER'), { errno: 'ENOSYS' })
    .deny('socket')
    .allow('socket', arg(0).eq('AF_UNIX'), arg(1).ne('SOCK_RAW'))
    .kill('ioctl', arg(1).in(['TIOCSTI', 'TIOCLINUX']))
    .deny('@mount')
    .unless({ capability: 'CAP_SYS_ADMIN', minKernel: '5.8' }),
  'an allowlist': Profile.allowlist({ errno: 'EACCES' })
    .allow('@default', '@basic-io', 'ioctl', 'socket')
    .deny('socket', arg(0).ge(10), arg(0).le(21))
    .log('socket', arg(0).gt('AF_NETLINK'))
    .trap('ioctl', arg(1).hasFlags(4), arg(1).lt(64)),
};

/** Newer than libseccomp 2.6.0. */
const NEWER: ReadonlySet<string> = new Set(['uprobe', 'open_tree_attr']);

const VALUES = [0, 1, 2, 3, 4, 5, 9, 10, 15, 16, 17, 21, 22, 38, 40, 60, 64, 68, 0x5412, 0x541c, 0x5472, 0x1000_0000];

const reason = libseccompObstacle();

describe.each(Object.entries(profiles))('%s', (_, profile) => {
  test('has the same meaning when it is written and read again', () => {
    for (const host of hosts) {
      const { relation, differences } = compare(
        resolve(profile, host),
        resolve(parseProfile(stringify(profile)), host),
      );
      expect(differences).toEqual([]);
      expect(relation).toBe('equal');
    }
  });

  test('has the same meaning in libseccomp', ({ skip }) => {
    skip(reason !== undefined, reason);
    // Without x86: there, libseccomp turns a rule on socket into one on socketcall as well, whatever the arguments,
    // and so rejects two actions for socket.
    for (const { abis: _, ...host } of hosts.slice(0, 2)) {
      const policy = resolve(profile, host);
      const { endian } = abiOf(host.abi);
      const program = decodeInstructions(libseccompFilter(runcRules(profile, host)), endian);
      const rules = profile.document.syscalls;
      const compared = new Set(rules.flatMap(({ names, args }) => (args.length === 0 ? [] : names)));
      const names = new Set(rules.flatMap((rule) => rule.names).filter((name) => !NEWER.has(name)));
      const calls = [...names].flatMap((name) => {
        const number = syscallNumber(host.abi, name);
        const values = compared.has(name) ? VALUES : VALUES.slice(0, 2);
        const pairs = values.flatMap((first) => values.map((second) => [first, second, 0, 0, 0, 0].map(BigInt)));
        return number === undefined ? [] : pairs.map((args) => ({ arch: abiOf(host.abi).audit, number, args }));
      });
      const wrong = calls
        .filter((call) => interpret(program, call, endian).value !== returnValue(evaluate(policy, call)))
        .map(({ number, args }) => `${number}(${args})`);
      expect(wrong).toEqual([]);
      expect(calls.length).toBeGreaterThan(1000);
    }
  });
});
