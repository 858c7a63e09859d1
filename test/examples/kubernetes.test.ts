/**
 * examples/kubernetes/: the manifests have the fields of the Kubernetes API, the profiles are valid, and containers run
 * under them. No cluster is used: the kubelet and the Security Profiles Operator are not tested.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { stringify } from '../../lib/profile/profile.js';
import { loadProfile, parseProfile } from '../../lib/profile/source.js';
import { main } from '../support/built.js';
import { libraries, noLibraries } from '../support/libraries.js';
import { makeProject } from '../support/project.js';
import { packageRoot } from '../support/scripts.js';

const project = makeProject(['examples/kubernetes']);
afterAll(project.remove);
const folder = join(project.path, 'examples/kubernetes');

const textOf = (name: string) => readFileSync(join(packageRoot, 'examples/kubernetes', name), 'utf8');

const run = (command: string, ...args: readonly string[]) =>
  spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PODMAN_IGNORE_CGROUPSV1_WARNING: '1' },
  });

test('pod.yaml has the type of a Pod', ({ skip }) => {
  if (noLibraries !== undefined) skip(noLibraries);
  const pod = JSON.stringify(parse(textOf('pod.yaml')));
  const types = join(libraries, 'kubernetes-types/core/v1');
  writeFileSync(
    join(folder, 'pod.ts'),
    `import type { Pod } from ${JSON.stringify(types)};\nexport const pod: Pod = ${pod};\n`,
  );
  const tsc = join(packageRoot, 'node_modules/.bin/tsc');
  const { status, stdout } = run(tsc, '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', 'pod.ts');
  expect([status, stdout]).toEqual([0, '']);
});

test('server.json is what profile.mjs writes', () => {
  expect(run(process.execPath, 'profile.mjs').stderr).toBe('');
  expect(JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'))).toEqual(JSON.parse(textOf('server.json')));
  expect(parseProfile(textOf('server.json')).document).toEqual(loadProfile('node').document);
});

test('server.yaml is a SeccompProfile whose spec is a valid profile', () => {
  const { apiVersion, kind, metadata, spec, ...others } = parse(textOf('server.yaml'));
  expect({ apiVersion, kind, metadata, others }).toEqual({
    apiVersion: 'security-profiles-operator.x-k8s.io/v1beta1',
    kind: 'SeccompProfile',
    metadata: { name: 'server' },
    others: {},
  });
  writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
  const { status, stdout } = run(process.execPath, main, 'check', 'spec.json');
  expect([status, stdout]).toEqual([0, '']);
});

test('the command of server.yaml’s comment writes such a manifest', async () => {
  const record = [main, 'record', '--format', 'spo', '-o', 'recorded.yaml', '--'];
  const { status, stderr } = run(process.execPath, ...record, process.execPath, '-e', 'console.log(1)');
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  const { apiVersion, kind, metadata } = parse(readFileSync(join(folder, 'recorded.yaml'), 'utf8'));
  expect({ apiVersion, kind, metadata }).toEqual({
    ...withoutSpec(parse(textOf('server.yaml'))),
    metadata: { name: 'recorded' },
  });
});

const withoutSpec = ({ spec: _, ...rest }: Record<string, unknown>) => rest;

/** A container of this machine's files, which Podman makes with runc. Its cgroups work on machines with either version. */
const podman = (profile: string, ...command: readonly string[]) =>
  run(
    'podman',
    ...['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', 'run', '--rm', '--network=none', '--cap-drop=all'],
    ...['--security-opt', 'no-new-privileges', '--security-opt', `seccomp=${profile}`, '--workdir', packageRoot],
    ...['--rootfs', '/:O', ...command],
  );

describe('a container of Podman', () => {
  const { status, error, stderr } = podman('unconfined', 'true');
  const obstacle = status === 0 ? undefined : `podman makes no container here: ${error?.message ?? stderr}`;
  const program = 'console.log(require("node:child_process").spawnSync("true").error?.code ?? "started a program")';

  test('runs Node under server.json, where the command adds node-no-exec', ({ skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    const profile = join(folder, 'server.json');
    expect(podman(profile, process.execPath, '-e', program).stdout).toBe('started a program\n');
    const inside = [process.execPath, main, 'run', '-p', 'node-no-exec', '--'];
    expect(podman(profile, ...inside, process.execPath, '-e', program).stdout).toBe('EACCES\n');
  });

  test.for(['node-no-exec', 'compute'])(
    'does not start under %s, which has no rule for its start',
    (name, { skip }) => {
      if (obstacle !== undefined) skip(obstacle);
      const path = join(folder, `${name}.json`);
      writeFileSync(path, stringify(loadProfile(name)));
      const { status, stdout } = podman(path, process.execPath, '-e', program);
      expect([status !== 0, stdout]).toEqual([true, '']);
    },
  );
});
