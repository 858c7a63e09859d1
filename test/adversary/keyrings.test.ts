/** Programs that read and change the session keyring that they share with their parent. */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { once } from '../../lib/util/memo.js';
import { dist } from '../support/built.js';
import { compileC } from '../support/compile-c.js';

/** The program; or why it can't be run here, as in a container whose filter denies the calls. */
const prepared = once((): { readonly program: string } | { readonly obstacle: string } => {
  try {
    const program = compileC('../adversary/keyrings.c');
    const { status } = spawnSync(program, ['session', 'true']);
    return status === 0 ? { program } : { obstacle: 'this system has no keyrings, or denies them' };
  } catch (error) {
    return { obstacle: `no C compiler: ${String(error).slice(0, 80)}` };
  }
});

const WAYS = ['list', 'read', 'replace', 'add', 'request'] as const;
type Way = (typeof WAYS)[number];

/** What the program prints, tried in each way from a Node that has a session keyring of its own. */
function tried(program: string, options: object, ways: readonly Way[]) {
  const script = `
    import { spawnSync } from ${JSON.stringify(dist)};
    const results = ${JSON.stringify(ways)}.map((way) => {
      const { stdout, enforcement } = spawnSync(${JSON.stringify(program)}, [way], { encoding: 'utf8', ...${JSON.stringify(options)} });
      return { stdout, closed: enforcement.isolation.closed };
    });
    console.log(JSON.stringify(results));`;
  const command = ['session', process.execPath, '--input-type=module', '-e', script];
  const { status, stdout, stderr } = spawnSync(program, command, { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  const results: readonly { readonly stdout: string; readonly closed: readonly string[] }[] = JSON.parse(stdout);
  const printed = Object.fromEntries(ways.map((way, i) => [way, results[i]?.stdout.trimEnd()]));
  return { printed, areClosed: results.every(({ closed }) => closed.includes('keyrings')) };
}

const ALLOW_ALL = { defaultAction: 'SCMP_ACT_ALLOW' };
const EPERM = String(constants.errno.EPERM);

describe('the session keyring of its parent', () => {
  // podman-default allows keyctl alone.
  test.for<[who: string, options: object, ways: readonly Way[]]>([
    ['podman-default', { profile: 'podman-default' }, ['list', 'read', 'replace']],
    ['a profile that allows every call', { profile: ALLOW_ALL }, WAYS],
    ['a supervised program', { profile: ALLOW_ALL, onViolation: true }, WAYS],
    ['isolation alone', { profile: 'unconfined', isolate: {} }, WAYS],
  ])('is neither read nor changed: %s', ([, options, ways], { skip }) => {
    const found = prepared();
    if ('obstacle' in found) return skip(found.obstacle);
    const { printed, areClosed } = tried(found.program, options, ways);
    expect(printed).toEqual(Object.fromEntries(ways.map((way) => [way, EPERM])));
    expect(areClosed).toBe(true);
    const without = tried(found.program, { ...options, isolate: false }, ways);
    const all = { list: '0', read: 'payload\n0', replace: '0', add: '0', request: '0' };
    expect(without.printed).toEqual(Object.fromEntries(ways.map((way) => [way, all[way]])));
    expect(without.areClosed).toBe(false);
  });
});
