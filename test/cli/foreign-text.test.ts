/** What files, programs and profiles are named never reaches a terminal as it is, wherever the command prints it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as execve from '../../lib/sandbox/execve.js';
import { seccomp } from '../support/command-line.js';
import { HIDDEN_CHARACTERS, HOSTILE_NAMES } from '../support/hostile-names.js';

const base = mkdtempSync(join(tmpdir(), 'seccomp-names-'));
afterAll(() => rmSync(base, { recursive: true }));
beforeEach(() => vi.spyOn(execve, 'executeProgram').mockReturnValue(undefined as never));

const ALLOW = { defaultAction: 'SCMP_ACT_ALLOW' };

/** Writes a file and returns its path. */
function written(path: string, content: unknown): string {
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** The places in which a text can be, and a run of the command that prints it. */
const PLACES: readonly (readonly [string, (text: string) => readonly string[]])[] = [
  ['the name of a program', (text) => ['run', '--', `/${text}`]],
  ['the name of a profile', (text) => ['check', text]],
  ['the path of a profile', (text) => ['check', `${base}/${text}`]],
  ['a path that is granted', (text) => ['run', '--read', text, '--', 'true']],
  [
    'a path in a sandbox file',
    (text) => ['run', '-s', written(`${base}/s.json`, { paths: { read: [text] } }), '--', 'true'],
  ],
  ['the base of a sandbox file', (text) => ['check', written(`${base}/s.json`, { extends: text })]],
  ['a key of a sandbox file', (text) => ['check', written(`${base}/s.json`, { profile: 'node', [text]: 1 })]],
  ['a key of a profile', (text) => ['check', written(`${base}/p.json`, { ...ALLOW, [text]: 1 })]],
  ['an action', (text) => ['check', written(`${base}/p.json`, { defaultAction: text })]],
  [
    'a syscall',
    (text) => ['check', written(`${base}/p.json`, { ...ALLOW, syscalls: [{ names: [text], action: 'SCMP_ACT_LOG' }] })],
  ],
  ['text that is no JSON', (text) => ['check', written(`${base}/p.json`, `{ ${text}`)]],
  [
    'the comment of a rule',
    (text) => [
      'explain',
      '-p',
      written(`${base}/p.json`, { ...ALLOW, syscalls: [{ names: ['read'], action: 'SCMP_ACT_LOG', comment: text }] }),
      'read',
    ],
  ],
  ['a call', (text) => ['explain', text]],
  ['an option', (text) => ['run', `--${text}`, 'true']],
  ['a variable', (text) => ['run', '--env', text, '--', 'true']],
  ['a subcommand', (text) => [text]],
];

describe.each(PLACES)('%s', (_, place) => {
  const withoutNul = HOSTILE_NAMES.filter((name) => name.length < 4096);
  test.each(withoutNul)('that is %j', async (name) => {
    const { stdout, stderr } = await seccomp(...place(name));
    for (const text of [stdout, stderr]) {
      expect(text).not.toMatch(HIDDEN_CHARACTERS);
      expect(text).not.toMatch(/^seccomp: no call was denied/m);
    }
  });
});
