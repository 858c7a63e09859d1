/** `logDenied` with `paths` on real kernels: from Linux 6.15 on, the kernel's audit log has each denied access, with its path. */
import { expect, test } from 'vitest';
import { PATIENCE_MS } from './guest.js';
import type { Machine } from './machines.js';
import { describeMachines, runScripts } from './scripts.js';

/** What denials-log.mjs prints. */
interface Report {
  readonly logged: { readonly status: number; readonly lines: readonly string[] };
  readonly unlogged: { readonly status: number; readonly lines: readonly string[] };
}

/** The first Landlock ABI that logs what it denies: Linux 6.15. */
const LOGGING_ABI = 7;

describeMachines('logDenied', (machine: Machine) => {
  if (machine.landlock === 0) {
    test('has no effect on paths, without Landlock', () => {});
    return;
  }
  const logs = machine.landlock >= LOGGING_ABI;
  test(logs ? 'logs the paths of denied accesses' : 'logs no path, which this kernel can’t', {
    timeout: PATIENCE_MS,
  }, async () => {
    const script = { script: new URL('denials-log.mjs', import.meta.url) };
    const [report] = await runScripts<Report>(machine, [script], { parameters: 'audit=1' });
    const line = expect.stringMatching(/audit: type=1423 .*domain=\w+ blockers=fs\.read_file path="\/tmp\/secret"/);
    expect(report?.logged).toEqual({ status: 1, lines: logs ? [line] : [] });
    expect(report?.unlogged).toEqual({ status: 1, lines: [] });
  });
});
