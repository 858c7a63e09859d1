/** The options of a call under a sandbox: whose value counts, and what a function can't honor. */
import { describe, expect, test, vi } from 'vitest';
import { BY_SCOPES_ALONE } from '../../../lib/landlock/domain.js';
import { CheckedPaths, readPaths } from '../../../lib/landlock/paths/option.js';
import { CheckedLimits, readTreeLimits, valuesOf } from '../../../lib/process-tree/limits.js';
import { mergedLimits, mergedPaths, optionsUnder, sandboxOf } from '../../../lib/sandbox/file/apply.js';
import { untrusted } from '../../../lib/sandbox/file/untrusted.js';
import { loadSandbox } from '../../../lib/sandbox/load-sandbox.js';

test('a sandbox is a loaded one, or the name of a built-in', () => {
  const loaded = loadSandbox({});
  expect([sandboxOf(loaded), sandboxOf('untrusted')]).toEqual([loaded, untrusted()]);
  expect(['docker-default', 'unconfined', '', './untrusted', 5, undefined, null, ['untrusted']].map(sandboxOf)).toEqual(
    Array(8).fill(undefined),
  );
});

describe('an option is', () => {
  const sandbox = loadSandbox({ timeout: 5, isolate: false, capabilities: [], env: { A: '1' } });

  test('that of the call, also if that is false, 0 or null, else that of the sandbox', () => {
    const given = { timeout: 0, isolate: true, cwd: null, env: undefined, uid: 7 };
    expect(optionsUnder(sandbox, given, 'spawn')).toEqual({
      ...{ timeout: 0, isolate: true, cwd: null, uid: 7 },
      ...{ capabilities: [], env: { A: '1' } },
    });
    expect(optionsUnder(loadSandbox({}), {}, 'spawn')).toEqual({});
  });

  test('refused if the function has none, by the name of the first', () => {
    const limited = loadSandbox({ rlimits: { core: 0 }, limits: { processes: 5 } });
    expect(() => optionsUnder(limited, {}, 'execve')).toThrow(
      /^inline: execve can't honor limits of this sandbox: no process is left/,
    );
    expect(() => optionsUnder(limited, { limits: undefined, rlimits: {} }, 'execve')).toThrow(/can't honor limits/);
    expect(() => optionsUnder(loadSandbox({ timeout: 5 }), {}, 'execve')).toThrow(
      "inline: execve can't honor timeout of this sandbox: it has no such option: start the program by spawn or run",
    );
    expect(optionsUnder(limited, {}, undefined)).toMatchObject({ rlimits: {} });
    expect(() => optionsUnder(sandbox, {}, 'spawnSync')).not.toThrow();
  });

  test('refused with a limit that Linux does not apply to root, whichever of the two says it', ({ skip }) => {
    skip(process.getuid?.() !== 0, 'needs root');
    const limited = loadSandbox({ rlimits: { nproc: 5 } });
    expect(() => optionsUnder(limited, {}, 'spawn')).toThrow(/nproc: Linux does not apply this limit to root/);
    expect(() => optionsUnder(limited, { uid: 7 }, 'spawn')).not.toThrow();
  });

  test('isolation that untrusted needs, unless bestEffort accepts less', () => {
    const isolate = (sandbox: Parameters<typeof optionsUnder>[0], bestEffort?: boolean) =>
      optionsUnder(sandbox, { bestEffort }, 'spawn')['isolate'];
    expect([undefined, false, true].map((bestEffort) => isolate(untrusted(), bestEffort))).toEqual([
      BY_SCOPES_ALONE,
      BY_SCOPES_ALONE,
      undefined,
    ]);
    expect(isolate(loadSandbox({ isolate: true }), true)).toBe(true);
  });

  test('a variable of this process, as it is then', () => {
    const passing = loadSandbox({ env: ['SECCOMP_TEST_VARIABLE'] });
    const passed = () => Object(optionsUnder(passing, {}, 'spawn')['env'])['SECCOMP_TEST_VARIABLE'];
    vi.stubEnv('SECCOMP_TEST_VARIABLE', 'first');
    const first = passed();
    vi.stubEnv('SECCOMP_TEST_VARIABLE', 'second');
    expect([first, passed()]).toEqual(['first', 'second']);
    vi.unstubAllEnvs();
    expect(passed()).toBe(undefined);
  });
});

describe('of the command’s flags and a sandbox', () => {
  test('paths are those of both', () => {
    const own = new CheckedPaths(readPaths({ read: ['/a'] }).all, readPaths({}).form, true);
    const added = readPaths({ write: ['/b'] });
    const merged = mergedPaths(own, added);
    expect(merged?.all.map(({ path }) => path)).toEqual(['/a', '/b']);
    expect([merged?.keepsHome, merged?.form]).toEqual([true, added.form]);
    expect([mergedPaths(own, undefined), mergedPaths(undefined, added)]).toEqual([own, added]);
    expect(mergedPaths(undefined, undefined)).toBe(undefined);
  });

  test('limits are those of both, and the flags’ where both have one', () => {
    const own = readTreeLimits({ memory: '1G', processes: 5 });
    const added = readTreeLimits({ processes: 9, cpu: 1 });
    const merged = mergedLimits(own, added);
    expect(merged).toBeInstanceOf(CheckedLimits);
    expect(merged && { ...valuesOf(merged) }).toMatchObject({ memory: 2n ** 30n, processes: 9, cpu: 1 });
    expect([mergedLimits(own, undefined), mergedLimits(undefined, added)]).toEqual([own, added]);
  });
});
