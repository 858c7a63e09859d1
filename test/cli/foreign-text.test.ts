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
      written(`${base}/p.json`, { ...ALLOW, syscalls: [{ names: ['read'], action: 'SCMP_ACT_LOG', comment: text }] }),
      'read',
    ],
  ],
  ['a call', (text) => ['explain', 'docker-default', text]],
  ['a directory in place of an output', (text) => ['record', '-o', `${base}/${text}/`, '--', 'true']],
  [
    'an output that exists',
    (text) => ['record', '-o', written(`${base}/${text.slice(0, 200)}.json`, ''), '--', 'true'],
  ],
  ['a base', (text) => ['record', '--base', text, '--', 'true']],
  ['a user', (text) => ['run', '--read', `~${text}`, '--', 'true']],
  [
    'the socket of an agent',
    (text) => ['run', '-p', written(`${base}/p.json`, { ...ALLOW, listenerPath: `/${text}` }), '--', 'true'],
  ],
  ['an option', (text) => ['run', `--${text}`, 'true']],
  ['a variable', (text) => ['run', '--env', text, '--', 'true']],
  ['a subcommand', (text) => [text]],
];

/** How texts are shown that are in no quotation marks of ours. */
const OTHERWISE: ReadonlyMap<string, RegExp> = new Map([
  ['the comment of a rule', /: a: b \(line 1\)$/m], // Only the place of the rule follows.
  ['an option', /'--a: b'/], // By commander.
  ['a subcommand', /'a: b'/],
]);

describe.each(PLACES)('%s', (where, place) => {
  const withoutNul = HOSTILE_NAMES.filter((name) => name.length < 4096);
  test.each(withoutNul)('that is %j', async (name) => {
    const { stdout, stderr } = await seccomp(...place(name));
    for (const text of [stdout, stderr]) {
      expect(text).not.toMatch(HIDDEN_CHARACTERS);
      expect(text).not.toMatch(/^seccomp: no call was denied/m);
    }
  });

  test('is in quotation marks if it reads as a message', async () => {
    const { stdout, stderr } = await seccomp(...place('a: b'));
    const texts = `${stdout}${stderr}`.replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""');
    const otherwise = OTHERWISE.get(where);
    if (otherwise === undefined) expect(texts).not.toContain('a: b');
    else expect(texts).toMatch(otherwise);
  });
});
