/** The way of a profile from spawn() to the addon: it enters ten files, and none of them twice. */
import { once } from 'node:events';
import { type Profiler, Session } from 'node:inspector';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { SingleSource } from '../../lib/sandbox/plan/resolve-sources.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { packageRoot } from '../support/scripts.js';

/** In their order, each file with the function that is passed the profile, or what was made of it. */
const WALK: readonly (readonly [file: string, name: string])[] = [
  ['sandbox/spawn.ts', 'spawn'],
  ['sandbox/arguments.ts', 'normalizeArguments'],
  ['sandbox/plan/resolve-sources.ts', 'resolveSources'],
  ['profile/source.ts', 'loadSource'],
  ['profile/profile.ts', 'makeProfile'],
  ['profile/resolve/resolve.ts', 'resolve'],
  ['sandbox/plan/plan-filters.ts', 'planFilters'],
  ['filter/compile.ts', 'compileFilter'],
  ['sandbox/child/start.ts', 'start'],
  ['sandbox/child/native-request.ts', 'toNativeRequest'],
];

/** Runs `action`. Returns the functions of lib/ that it called, by file, with the number of calls. */
async function callsOf(action: () => Promise<unknown>): Promise<ReadonlyMap<string, Readonly<Record<string, number>>>> {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true });
  await action();
  let scripts: readonly Profiler.ScriptCoverage[] = [];
  session.post('Profiler.takePreciseCoverage', (_, { result }) => {
    scripts = result;
  });
  session.disconnect();
  const lib = pathToFileURL(join(packageRoot, 'lib/')).href;
  return new Map(
    scripts.map(({ url, functions }) => {
      const called = functions.map(({ functionName, ranges: [whole] }) => [functionName, whole?.count ?? 0] as const);
      return [
        url.replace(lib, ''),
        Object.fromEntries(called.filter(([name, count]) => /^\w+$/.test(name) && count > 0)),
      ];
    }),
  );
}

const FIRST: readonly (readonly [kind: string, profile: SingleSource])[] = [
  ['a built-in’s name', 'docker-default'],
  ['a path', join(packageRoot, 'test/testing/suites/profile.json')],
  ['a document', { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] }],
];

test.each(FIRST)('%s enters each file once', async (_, profile) => {
  const calls = await callsOf(() => once(spawn('true', [], profile), 'exit'));
  expect(WALK.map(([file, name]) => [file, calls.get(file)?.[name]])).toEqual(WALK.map(([file]) => [file, 1]));
  expect(Object.keys(calls.get('profile/profile.ts') ?? {})).toEqual(['makeProfile', 'Profile']);
  expect(calls.get('filter/filter.ts') ?? {}, 'no Filter is made, nor asked').toEqual({});
});
