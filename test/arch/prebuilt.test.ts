/**
 * The prebuilt addon of a CPU for which npm has no Node, on a real kernel: a program in the place of Node starts another
 * one by it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compile } from '../../lib/index.js';
import { addonHostFlags } from '../support/addon-host.js';
import { callTo, toAnswer, toArgument } from '../support/probe.js';
import { PATIENCE_MS, runJobs } from './guest.js';
import { builtFor, compilerFor, kernelOf, obstacleTo, RISCV64 } from './machines.js';

const addon = join(builtFor(RISCV64), 'package/prebuilds/linux-riscv64/seccomp.node');
const obstacle = obstacleTo(RISCV64) ?? (existsSync(addon) ? undefined : `there is no ${addon}`);

const compiler = compilerFor(RISCV64, 'riscv64');
const support = (name: string) => new URL(`../support/${name}`, import.meta.url);
const library = (name: string) => execFileSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();

/** Calls that docker-default denies. `getpid` is allowed. */
const CALLS = ['unshare', 'mount', 'setns', 'bpf', 'getpid'].map((name) => callTo('riscv64', name, -1, 0, 0, 0, 0));

describe('the prebuilt addon for riscv64', () => {
  test(
    'starts a program under docker-default',
    async ({ skip }) => {
      skip(obstacle !== undefined, obstacle);
      const directory = mkdtempSync(join(tmpdir(), 'seccomp-riscv64-'));
      try {
        const host = join(directory, 'addon-host');
        execFileSync(compiler, [
          '-O1',
          '-rdynamic',
          ...addonHostFlags(addon),
          '-o',
          host,
          fileURLToPath(support('addon-host.c')),
        ]);
        const filter = join(directory, 'filter');
        writeFileSync(filter, compile('docker-default', { abis: ['riscv64'] }).bytes);
        const files = new Map([
          ['/bin/addon-host', host],
          ['/filter', filter],
          ['/seccomp.node', addon],
          [RISCV64.loader, library(basename(RISCV64.loader))],
          ...['libc.so.6', 'libm.so.6'].map((name) => [`/lib/${name}`, library(name)] as const),
        ]);
        const programs = new Map([['/bin/probe', { source: support('probe.c') }]]);
        const args = CALLS.map((call) => toArgument({ ...call, abi: 'x86_64' }));
        const input = ['/seccomp.node', '/filter', '/bin/probe', ...args].join('\n');
        const [output] = await runJobs(RISCV64, [{ command: ['/bin/addon-host'], input }], { files, programs });
        const answers = String(output).split('\n').slice(0, -1).map(toAnswer);
        const denied = ['errno EPERM', 'errno EPERM', 'errno EPERM', 'errno EPERM'];
        expect({ kernel: kernelOf(RISCV64).release, answers }).toMatchObject({
          answers: [...denied, expect.stringMatching(/^ok \d+$/)],
        });
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
    PATIENCE_MS,
  );
});
