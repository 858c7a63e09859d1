/** What programs of reach.c reached, held against what the enforcement of each says. */
import { expect } from 'vitest';
import type { Enforcement, Reach } from '../../lib/landlock/enforcement.js';

/** By its way: 0 if it was reached, else the errno. */
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

/** The ways of each reach. */
const WAYS: ReadonlyMap<Reach, readonly string[]> = new Map<Reach, readonly string[]>([
  ['memory', ['memory', 'memory of a thread', 'process_vm_readv']],
  ['environment', ['environ', 'maps']],
  ['descriptors', ['fd', 'pidfd_getfd']],
  ['ptrace', ['ptrace']],
  ['signals', ['kill', 'tgkill', 'sigqueue', 'pidfd_send_signal']],
  ['abstract-sockets', ['abstract socket']],
  ['limits', ['prlimit']],
  ['terminal', ['TIOCSTI', 'TIOCLINUX']],
  ['cgroup-files', ['cgroup.procs']],
  ['oom-score', ['oom_score_adj']],
  ['autogroup', ['autogroup']],
  ['proc-files', ['coredump_filter', 'clear_refs', 'sched']],
  ['scheduling', ['priority', 'affinity']],
  ['files-of-root', ['core_pattern']],
]);

/** `without`: the same without isolation. What could not be reached then shows nothing of what is open. */
export function expectAsEnforced(isolated: Reached, without: Reached): void {
  const { open } = isolated.enforcement.isolation;
  for (const whom of ['parent', 'sibling'] as const) {
    for (const [reach, ways] of WAYS) {
      for (const way of ways) {
        const [outcome, before] = [isolated[whom][way], without[whom][way]];
        // What is not listed as open, is closed by isolation, or by the kernel to this user.
        if (open.some((each) => each.reach === reach)) expect(outcome, `${whom}: ${way}`).toBe(before);
        else expect(outcome, `${whom}: ${way}`).not.toBe(0);
      }
    }
  }
}

/** The ways that lead to the parent without isolation. */
export function attacksOn(parent: Ways): readonly string[] {
  return Object.keys(parent).filter((way) => parent[way] === 0);
}
