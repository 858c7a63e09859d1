/** Programs that make children of their parent, which does not know them and so leaves them as zombies: CLONE_PARENT. */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { beforeAll, describe, expect, test } from 'vitest';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { dist } from '../support/built.js';
import { compileC } from '../support/compile-c.js';

let program = '';
let obstacle: string | undefined;
beforeAll(() => {
  try {
    program = compileC('../adversary/siblings.c');
  } catch (error) {
    obstacle = `no C compiler: ${String(error).slice(0, 80)}`;
  }
});

interface Left {
  /** What the program printed: 0, or the errno. */
  readonly result: number;
  /** How many children the starting process had after the end of the program and its tree, zombies included. */
  readonly children: number;
}

/** Starts the program from a Node of its own, by each function. */
function left(how: 'clone' | 'clone3', options: object): Readonly<Record<string, Left>> {
  const script = `
    import { run, spawn, spawnSync } from ${JSON.stringify(dist)};
    import { children } from ${JSON.stringify(new URL('../support/children.mjs', import.meta.url).href)};
    const command = ${JSON.stringify([program, [how], options])};
    const after = (stdout) => ({ result: Number(stdout), children: children().length });
    const bySpawn = async () => {
      const child = spawn(...command);
      let text = '';
      child.stdout.on('data', (data) => { text += data; });
      await new Promise((resolve) => child.on('close', resolve));
      await child.treeEnded;
      return after(text);
    };
    console.log(JSON.stringify({
      spawn: await bySpawn(),
      spawnSync: after(spawnSync(...command).stdout),
      run: after((await run(...command)).stdout),
    }));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

const ALLOW_ALL = { defaultAction: 'SCMP_ACT_ALLOW' };
const DENIED = { result: constants.errno.EPERM, children: 0 };

describe('a child of its parent', () => {
  test.for<[who: string, options: object]>([
    ["descendants: 'leave'", { profile: 'docker-default', descendants: 'leave' }],
    ["descendants: 'kill'", { profile: 'docker-default', descendants: 'kill' }],
    ['a supervised program', { profile: 'docker-default', descendants: 'leave', onViolation: true }],
    ['a profile that allows every call', { profile: ALLOW_ALL, descendants: 'leave' }],
    ['isolation alone', { profile: 'unconfined', isolate: {}, descendants: 'leave' }],
  ])('is not made by clone, and no zombie is left: %s', ([, options], { skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(
      'descendants' in options && options.descendants === 'kill' && isolationSupport().by !== 'scopes',
      'needs Landlock scopes',
    );
    expect(left('clone', options)).toEqual({ spawn: DENIED, spawnSync: DENIED, run: DENIED });
  });

  test.for(['docker-default', 'node'])('is not made by clone3 either, which %s denies', (profile, { skip }) => {
    skip(obstacle !== undefined, obstacle);
    const denied = { ...DENIED, result: constants.errno.ENOSYS };
    expect(left('clone3', { profile, descendants: 'leave' })).toEqual({
      spawn: denied,
      spawnSync: denied,
      run: denied,
    });
  });

  // Each of three programs leaves one.
  const zombies = { spawn: 1, spawnSync: 2, run: 3 };
  test.for<[why: string, how: 'clone' | 'clone3', options: object]>([
    ['without isolation', 'clone', { profile: 'docker-default', isolate: false }],
    ['by clone3, whose flags no filter sees, where a profile allows it', 'clone3', { profile: ALLOW_ALL }],
  ])('is made, and stays a zombie, %s', ([, how, options], { skip }) => {
    skip(obstacle !== undefined, obstacle);
    const found = left(how, { ...options, descendants: 'leave' });
    expect(Object.values(found).map(({ result }) => result)).toEqual([0, 0, 0]);
    expect(Object.fromEntries(Object.entries(found).map(([by, each]) => [by, each.children]))).toEqual(zombies);
  });
});
