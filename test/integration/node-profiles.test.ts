/**
 * Real work under the built-in profiles for Node: each module of test/support/node-work/ ends as expected under each
 * profile.
 */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { once } from '../../lib/util/memo.js';
import { noLibraries } from '../support/libraries.js';
import { run } from '../support/processes.js';

const PROFILES = ['node', 'node-no-network', 'node-no-exec', ['node-no-network', 'node-no-exec']] as const;

/** How each module ends under each of PROFILES. A string stands for all profiles. */
const WORKS: Readonly<Record<string, readonly string[] | string>> = {
  crypto: 'works',
  zlib: 'works',
  fs: 'works',
  process: 'works',
  wasi: 'works',
  'worker-threads': 'works',
  sharp: 'works',
  'better-sqlite3': 'works',

  http: ['works', 'EPERM', 'works', 'EPERM'],
  net: ['works', 'EPERM', 'works', 'EPERM'],
  dgram: ['works', 'EPERM', 'works', 'EPERM'],
  dns: ['works', 'EPERM', 'works', 'EPERM'],
  interfaces: ['works', 'ERR_SYSTEM_ERROR', 'works', 'ERR_SYSTEM_ERROR'],
  inspector: ['works', 'closed', 'works', 'closed'],

  'child-process': ['works', 'works', 'EACCES', 'EACCES'],
  programs: ['works', 'works', 'EACCES', 'EACCES'],
  esbuild: ['works', 'works', 'EACCES', 'EACCES'],
  'test-runner': ['works', 'works', 'EACCES', 'EACCES'],

  cluster: ['works', 'EPERM', 'EACCES', 'EACCES'],
};

/** The reasons why a module fails on this machine even without a profile. */
const UNABLE: Readonly<Record<string, string | false | undefined>> = {
  sharp: noLibraries,
  'better-sqlite3': Number.parseInt(process.versions.node, 10) < 22 ? 'better-sqlite3 13 needs Node 22' : noLibraries,
  programs:
    ['git', 'python3'].some((tool) => nodeSpawnSync(tool, ['--version']).error) && 'git or python3 is not installed',
};

const runner = fileURLToPath(new URL('../support/node-work/run.mjs', import.meta.url));

/** The modules that can run here. One Node runs all of them under a profile, since its start takes longer than most. */
const works = Object.keys(WORKS).filter((work) => !UNABLE[work]);

describe.each(PROFILES.map((profile, i) => ({ profile, i })))('under $profile', ({ profile, i }) => {
  const ended = once(() => run(process.execPath, [runner, ...works], profile));

  test.for(Object.entries(WORKS).map(([work, ends]) => [work, typeof ends === 'string' ? ends : ends[i]] as const))(
    '%s: %s',
    async ([work, end], { skip }) => {
      const unable = UNABLE[work];
      skip(unable !== undefined && unable !== false, String(unable));
      const { stdout, stderr, signal } = await ended();
      expect({ end: stdout.split('\n')[works.indexOf(work)], signal }, stderr).toEqual({ end, signal: null });
    },
  );
});
