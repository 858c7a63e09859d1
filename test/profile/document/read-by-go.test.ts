/**
 * Documents are read as Go 1.24's encoding/json decodes them into the types of moby/profiles seccomp/v0.2.3. The
 * fixture has the output of a Go program for each: the document, `refused`, or `nothing` if moby filters nothing.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ProfileError } from '../../../lib/errors.js';
import { readProfileOptions } from '../../../lib/profile/document/options.js';
import { profileIn, readText } from '../../../lib/profile/source.js';

interface Case {
  readonly title: string;
  readonly text: string;
  readonly go: string;
}

const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL('../fixtures/read-by-go.json', import.meta.url), 'utf8'),
);

describe('compat mode, like Go,', () => {
  test.each(cases)('$title', ({ text, go }) => {
    if (go === 'refused') expect(() => read(text)).toThrow(ProfileError);
    else expect(read(text)).toEqual(go === 'nothing' ? null : read(go));
  });

  test('merges the objects around the profile in a config.json', () => {
    const rules = '[{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]';
    const seccomp = `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": ${rules}}`;
    const whole = read(`{"ociVersion": "1.2.0", "linux": {"seccomp": ${seccomp}}}`);
    expect(whole?.defaultAction).toBe('SCMP_ACT_ERRNO');
    expect(read(`{"ociVersion": "1.2.0", "linux": {"seccomp": ${seccomp}}, "LINUX": {"seccomp": {}}}`)).toEqual(whole);
    expect(read(`{"ociVersion": "1.2.0", "linux": {"seccomp": ${seccomp}}, "linux": {"x": 1}}`)).toEqual(whole);
  });
});

function read(text: string) {
  const profile = profileIn(readText(text, readProfileOptions({ mode: 'compat' })));
  if (profile.isUnconfined) return null;
  const { comment, ...document } = profile.document; // Which Go does not read.
  return document;
}
