/** Compares what the programs of reach.c reached with the enforcement that their children report. */
import { accessSync, constants } from 'node:fs';
import { expect } from 'vitest';
import type { Enforcement, Reach } from '../../lib/landlock/enforcement.js';

/** Results by the name of a way: 0 if the process was reached, else the errno. */
type Ways = Readonly<Record<string, number>>;

export interface Reached {
  readonly parent: Ways;
  readonly sibling: Ways;
  readonly enforcement: Enforcement;
}

export interface Taken {
  readonly taken: number;
  readonly enforcement: Enforcement;
}

/** The ways by which a program tries each kind of reach. */
const WAYS: ReadonlyMap<Reach, readonly string[]> = new Map<Reach, readonly string[]>([
  ['memory', ['memory', 'memory of a thread', 'process_vm_readv']],
  ['environment', ['environ', 'maps']],
  ['descriptors', ['fd', 'pidfd_getfd']],
  ['ptrace', ['ptrace']],
  ['signals', ['kill', 'tgkill', 'sigqueue', 'pidfd_send_signal']],
  ['abstract-sockets', ['abstract socket']],
  ['limits', ['prlimit']],
  ['terminal', ['TIOCSTI', 'TIOCLINUX', 'TIOCSPGRP']],
  ['terminal-files', ['/dev/tty']],
  ['keyrings', ['keyctl', 'add_key', 'request_key']],
  ['cgroup-files', ['cgroup.procs']],
  ['oom-score', ['oom_score_adj']],
  ['autogroup', ['autogroup']],
  ['proc-files', ['coredump_filter', 'clear_refs', 'sched']],
  ['scheduling', ['priority', 'affinity']],
  ['files-of-root', ['core_pattern']],
]);

/** Expects that the open ways have the same result as without isolation, and that all others fail. */
export function expectAsEnforced(isolated: Reached, without: Reached): void {
  const { open } = isolated.enforcement.isolation;
  for (const whom of ['parent', 'sibling'] as const) {
    for (const [reach, ways] of WAYS) {
      for (const way of ways) {
        const [outcome, before] = [isolated[whom][way], without[whom][way]];
        // A way that is not listed as open is closed by isolation, or by the kernel for this user.
        if (open.some((each) => each.reach === reach)) expect(outcome, `${whom}: ${way}`).toBe(before);
        else expect(outcome, `${whom}: ${way}`).not.toBe(0);
      }
    }
  }
}

/** The ways that reached the parent. */
export function attacksOn(parent: Ways): readonly string[] {
  return Object.keys(parent).filter((way) => parent[way] === 0);
}

/** Whether root can set parameters of the kernel: in a container, /proc/sys may be read-only. */
export function canSetKernel(): boolean {
  try {
    accessSync('/proc/sys/kernel/core_pattern', constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
