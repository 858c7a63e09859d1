/**
 * Containers of runc and crun whose config.json names our agent. Needs root and `apt-get install runc crun`. The tests
 * of a runtime are skipped if it is not installed, or can't make a container on this machine.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { listen } from '../../lib/agent/agent.js';
import type { OciContainer } from '../../lib/notify/container.js';
import { finish } from '../support/processes.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-containers-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const given = join(directory, 'given');
writeFileSync(given, 'from outside\n');

const PROGRAMS = ['/bin/sh', '/bin/mkdir', '/bin/uname', '/bin/cat', '/bin/true'];

/**
 * Makes an OCI bundle of some programs and their libraries. Its process is `sh -c script` under the profile `seccomp`.
 */
function bundleOf(runtime: string, name: string, script: string, seccomp: object | undefined): string {
  const bundle = join(directory, name);
  for (const program of PROGRAMS) {
    const libraries = execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
    for (const file of [program, ...libraries]) {
      mkdirSync(join(bundle, 'rootfs', dirname(file)), { recursive: true });
      copyFileSync(file, join(bundle, 'rootfs', file));
    }
  }
  execFileSync(runtime, ['spec'], { cwd: bundle });
  const config = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
  config.process = { ...config.process, terminal: false, args: ['/bin/sh', '-c', script] };
  config.linux = { ...config.linux, seccomp };
  config.annotations = { 'org.example.team': 'tests' };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  return bundle;
}

/** crun refuses a mix of both cgroup versions. On such a machine it runs in a mount namespace with version 2 alone. */
function command(runtime: string, args: readonly string[]): readonly [string, readonly string[]] {
  if (runtime !== 'crun' || existsSync('/sys/fs/cgroup/cgroup.controllers')) return [runtime, args];
  return ['unshare', ['-m', 'sh', '-c', 'mount -t cgroup2 none /sys/fs/cgroup && exec crun "$@"', 'sh', ...args]];
}

/** The reason why a runtime can't make a container on this machine. Undefined if it can. */
function missing(runtime: string): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (spawnSync(runtime, ['--version']).status !== 0) return `no ${runtime} is installed`;
  const bundle = bundleOf(runtime, `${runtime}-trial`, 'exit 0', undefined);
  const { status, stderr } = spawnSync(
    ...command(runtime, ['run', '--bundle', bundle, `seccomp-trial-${process.pid}`]),
  );
  return status === 0 ? undefined : `${runtime} can't make a container here: ${stderr}`;
}

const notifying = (listenerPath: string, names: readonly string[]) => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  listenerPath,
  listenerMetadata: 'for the tests',
  syscalls: [{ names, action: 'SCMP_ACT_NOTIFY' }],
});

describe.each(['runc', 'crun'])('a container of %s', (runtime) => {
  const reason = missing(runtime);
  const id = `seccomp-test-${runtime}-${process.pid}`;

  test('has its calls answered by the agent that its profile names', async ({ skip }) => {
    skip(reason !== undefined, reason);
    const containers: OciContainer[] = [];
    const calls: unknown[] = [];
    const errors: unknown[] = [];
    const agent = listen(join(directory, `${runtime}.sock`), {
      mkdir: (call) => {
        calls.push([call.readString(0), call.container.id]);
        return call.deny('EROFS');
      },
      uname: (call) => {
        const names = Buffer.alloc(6 * 65);
        names.write('Plan 9');
        call.writeBytes(0, names);
        return call.return(0);
      },
      openat: (call) =>
        call.readString(1) === '/given' ? call.returnFd(openSync(given, 'r'), { close: true }) : call.continue(),
      getpid: (call) => {
        calls.push('getpid, for which the profile has no SCMP_ACT_NOTIFY');
        return call.return(1);
      },
    });
    agent.on('container', (container) => containers.push(container));
    agent.on('handlerError', (error) => errors.push(String(error)));
    const ended = once(agent, 'end');
    const script = 'mkdir /made || echo denied; uname; cat /given; cat /etc/none || echo none';
    const names = ['mkdir', 'uname', 'openat'];
    const bundle = bundleOf(runtime, runtime, script, notifying(agent.path, names));
    const { code, stdout } = await finish(spawn(...command(runtime, ['run', '--bundle', bundle, id])));
    expect([code, stdout]).toEqual([0, 'denied\nPlan 9\nfrom outside\nnone\n']);
    expect(calls).toEqual([['/made', id]]);
    expect(containers).toEqual([
      {
        id,
        pid: expect.any(Number),
        status: 'creating',
        bundle,
        annotations: { 'org.example.team': 'tests' },
        metadata: 'for the tests',
        sender: { pid: expect.any(Number), uid: 0, gid: 0 },
      },
    ]);
    expect(errors).toEqual([]);
    await ended;
    await agent.close();
  });

  test('has its calls denied if a handler fails, including those of a program started in it later', async ({
    skip,
  }) => {
    skip(reason !== undefined, reason);
    const containers: OciContainer[] = [];
    const errors: unknown[] = [];
    const agent = listen(join(directory, `${runtime}-later.sock`), {
      uname: () => {
        throw new Error('out of order');
      },
    });
    agent.on('container', (container) => containers.push(container));
    agent.on('handlerError', (error, { container }) => errors.push([container.status, String(error)]));
    const name = `${id}-later`;
    const script = 'uname || echo denied; read line; exit 0';
    const bundle = bundleOf(runtime, `${runtime}-later`, script, notifying(agent.path, ['uname']));
    const child = spawn(...command(runtime, ['run', '--bundle', bundle, name]));
    const ended = finish(child);
    await once(child.stdout, 'data');
    const later = await finish(spawn(...command(runtime, ['exec', name, '/bin/sh', '-c', 'uname || echo denied'])));
    child.stdin.end('\n');
    expect(later.stdout).toBe('denied\n');
    expect(await ended).toMatchObject({ code: 0, stdout: 'denied\n' });
    expect(containers.map((container) => [container.id, container.status])).toEqual([
      [name, 'creating'],
      [name, 'running'],
    ]);
    expect(errors).toEqual([
      ['creating', 'Error: out of order'],
      ['running', 'Error: out of order'],
    ]);
    await agent.close();
  });
});
