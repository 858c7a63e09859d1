/** What docs/reference/path-words.md says that programs print which lack a grant, and that its remedies help. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { PATH_MESSAGES, SYSTEM } from '../../scripts/generate/reference/path-messages.js';
import { main } from '../support/built.js';
import { obstacleTo } from '../support/commands.js';
import { outputOf, writeFiles } from '../support/programs-under-paths.js';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-messages-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** The parts of a message, between which it may have any characters. */
const partsOf = (message: string) => message.split('…').filter((part) => part !== '');

/** Whether the programs of this system are linked with glibc. */
const isGlibc = () => spawnSync('getconf', ['GNU_LIBC_VERSION']).status === 0;

test('a shell can’t open /dev/stderr in a terminal', { timeout: 60_000 }, ({ skip }) => {
  const obstacle = pathsSupport().reason ?? obstacleTo('script');
  skip(obstacle !== undefined, obstacle);
  const inTerminal = (redirection: string, ...grants: readonly string[]) => {
    const shell = `sh -c 'echo text ${redirection}'`;
    const command = ['env', 'LC_ALL=C', process.execPath, main, 'run', '--read', '@system', ...grants, '--', shell];
    return spawnSync('script', ['-qec', command.join(' '), '/dev/null'], { encoding: 'utf8' }).stdout;
  };
  expect(inTerminal('>/dev/stderr')).toMatch(/\/dev\/stderr: Permission denied/);
  expect(inTerminal('>&2')).toBe('text\r\n');
  expect(inTerminal('>/dev/stderr', '--write', '/dev/pts')).toBe('text\r\n');
});

test.for(PATH_MESSAGES)('$prints', { timeout: 60_000 }, async (message, { skip }) => {
  const { needs, step, home = {}, files = {}, without, prints, with: remedy } = message;
  const obstacle = pathsSupport().reason ?? obstacleTo(...needs);
  skip(obstacle !== undefined, obstacle);
  skip(prints.includes('libc.so.6') && !isGlibc(), 'needs programs of glibc');
  skip(prints.startsWith('df: ') && !existsSync('/etc/mtab'), 'needs /etc/mtab, which df reads last');
  const folder = mkdtempSync(join(base, 'program-'));
  writeFiles(join(folder, 'home'), home);
  writeFiles(join(folder, 'work'), files);
  const denied = await outputOf(step, folder, { paths: SYSTEM, ...without });
  expect(
    partsOf(prints).filter((part) => !denied.output.includes(part)),
    denied.output,
  ).toEqual([]);
  const granted = await outputOf(step, folder, { paths: SYSTEM, ...remedy });
  expect(granted.output).not.toMatch(
    /permission denied|EACCES|cannot open|couldn't open|no usable|do this|cannot read|out of pty|were not written|unknown error/i,
  );
});
