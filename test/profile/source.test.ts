/** Sources of profiles: names of Docker and Kubernetes, paths, options; and the issues that `checkProfile` returns. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkProfile } from '../../lib/analysis/check.js';
import type { ProfileOptions } from '../../lib/profile/document/options.js';
import type { RuleDocument } from '../../lib/profile/document/types.js';
import { Profile } from '../../lib/profile/profile.js';
import type { Host } from '../../lib/profile/resolve/resolve.js';
import { extend, loadProfile, parseProfile } from '../../lib/profile/source.js';

const root = mkdtempSync(join(tmpdir(), 'seccomp-kubelet-'));
mkdirSync(join(root, 'team'));
writeFileSync(join(root, 'team', 'app.json'), '{"defaultAction": "SCMP_ACT_LOG"}');

describe('a source by the names of Docker and Kubernetes:', () => {
  test.each(['builtin', 'RuntimeDefault'])('%s is docker-default', (source) => {
    expect(loadProfile(source).source).toBe('docker-default');
    expect(loadProfile(source).document).toEqual(loadProfile('docker-default').document);
  });

  test.each(['unconfined', 'Unconfined'])('%s means no filter', (source) => {
    expect(loadProfile(source)).toBe(Profile.unconfined);
    expect(checkProfile(source)).toEqual([]);
  });

  test('Localhost/… is a file below the root', () => {
    expect(loadProfile('Localhost/team/app.json', { root })).toMatchObject({
      source: 'Localhost/team/app.json',
      document: { defaultAction: 'SCMP_ACT_LOG' },
    });
  });

  test.each(['Localhost/', 'Localhost//etc/passwd', 'Localhost/../x.json', 'Localhost/team/../../x.json'])(
    '%s leads out of the root and is refused',
    (source) => {
      expect(() => loadProfile(source, { root })).toThrow(
        expect.objectContaining({ code: 'ERR_SECCOMP_FILE', message: expect.stringContaining(`below ${root}`) }),
      );
    },
  );

  test('the error for a missing Localhost file has its name', () => {
    expect(() => loadProfile('Localhost/no.json', { root })).toThrow(/^Localhost\/no\.json: .*ENOENT/);
  });
});

describe('options', () => {
  test('are kept on the profile, with their defaults', () => {
    const text = '{"defaultAction": "SCMP_ACT_LOG"}';
    expect(loadProfile(text)).toMatchObject({
      source: 'inline',
      format: 'docker',
      mode: 'strict',
      options: { argumentWidth: 'kernel', foreignAction: 'kill-process', newerCalls: 'enosys' },
    });
    const chosen = { argumentWidth: 64, foreignAction: 'kill-thread', newerCalls: 'default' } as const;
    expect(loadProfile(text, { ...chosen, mode: 'compat', format: 'oci', source: 'mine' })).toMatchObject({
      source: 'mine',
      format: 'oci',
      mode: 'compat',
      options: chosen,
    });
  });

  test.each<[unknown, string]>([
    [{ mod: 'compat' }, 'options.mod: unknown option (did you mean mode?)'],
    [{ mode: 'lax' }, 'options.mode: must be one of "strict", "compat"'],
    [{ format: 'lxc' }, 'options.format: must be one of "docker", "podman", "oci"'],
    [{ argumentWidth: 32 }, 'options.argumentWidth: must be one of "kernel", 64'],
    [{ root: 1 }, 'options.root: must be a string, not number'],
    ['compat', 'options: must be an object, not string'],
  ])('%j are refused', (options, message) => {
    const wrong = options as ProfileOptions;
    const code = expect.stringMatching(/^ERR_(SECCOMP_OPTION|INVALID_ARG_TYPE|INVALID_ARG_VALUE)$/);
    const error = expect.objectContaining({ code, message });
    expect(() => loadProfile('docker-default', wrong)).toThrow(error);
    expect(() => loadProfile('unconfined', wrong)).toThrow(error);
    expect(() => checkProfile({ defaultAction: 'SCMP_ACT_LOG' }, wrong)).toThrow(error);
  });
});

describe('options without an effect are refused:', () => {
  const refusal = (message: string) =>
    expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: `options.${message}: leave it out` });
  const text = '{"defaultAction": "SCMP_ACT_LOG"}';

  test.each<ProfileOptions>([
    { source: 'mine' },
    { format: 'docker' },
    { mode: 'strict' },
    { root: '/' },
    { argumentWidth: 'kernel' },
    { foreignAction: 'kill-process' },
    { newerCalls: 'enosys' },
  ])('%j on a Profile, and on unconfined', (options) => {
    const [name] = Object.keys(options);
    const profile = Profile.denylist();
    expect(loadProfile(profile, { [`${name}`]: undefined })).toBe(profile);
    expect(() => loadProfile(profile, options)).toThrow(
      refusal(`${name}: has no effect on a Profile, which is already loaded`),
    );
    expect(() => loadProfile('unconfined', options)).toThrow(refusal(`${name}: has no effect on unconfined`));
  });

  test.each<[string, () => unknown, string]>([
    ['root of a text', () => parseProfile(text, { root }), 'root: has no effect on JSON text'],
    [
      'root of a path',
      () => loadProfile(join(root, 'team/app.json'), { root }),
      'root: has no effect on a profile that is not of the form Localhost/…',
    ],
    [
      'the format of a built-in',
      () => loadProfile('node', { format: 'docker' }),
      'format: has no effect on a built-in profile',
    ],
    [
      'the first of several',
      () => Profile.denylist({ mode: undefined, format: 'oci', source: 'x' } as never),
      'format: Profile.denylist takes no options',
    ],
  ])('%s', (_, use, message) => {
    expect(use).toThrow(refusal(message));
  });

  test('those of extend', () => {
    expect(() => extend('docker-default', { mode: 'compat', format: 'oci' } as never)).toThrow(
      /^options\.mode: extend takes no options: give them to loadProfile, and extend what it returns$/,
    );
  });
});

describe('checkProfile', () => {
  const host: Host = { abi: 'x86_64', kernel: { major: 6, minor: 12 }, capabilities: new Set() };

  test('returns the problems of an object, without positions', () => {
    const document = { defaultAction: 'SCMP_ACT_LOG', syscalls: [{ names: ['read'], action: 'NO' }] };
    expect(checkProfile(JSON.parse(JSON.stringify(document)))).toEqual([
      { severity: 'error', path: 'syscalls[0].action', message: 'unknown action "NO"' },
    ]);
  });

  test('returns the position at which a text is not JSON', () => {
    expect(checkProfile('{\n"defaultAction" 1}')).toEqual([
      {
        severity: 'error',
        path: '',
        message: 'this is not JSON: expected a colon, found "1"',
        line: 2,
        column: 17,
      },
    ]);
  });

  test('finds, with a host, problems that exist only there', () => {
    const args = [{ index: 0, value: 2 ** 32, op: 'SCMP_CMP_EQ' as const }];
    const everywhere = { names: ['socket'], action: 'SCMP_ACT_ALLOW' as const, args };
    const there = { ...everywhere, includes: { arches: ['amd64' as const] } };
    const allowing = (rule: RuleDocument) => ({ defaultAction: 'SCMP_ACT_ERRNO' as const, syscalls: [rule] });
    const problem = [{ severity: 'error', path: 'syscalls[0].args[0].value' }];
    expect(checkProfile(allowing(everywhere))).toMatchObject(problem);
    expect(checkProfile(allowing(there))).toEqual([]);
    expect(checkProfile(allowing(there), { host })).toMatchObject(problem);
  });

  test('finds no problems in the built-ins', () => {
    expect(checkProfile('docker-default', { host })).toEqual([]);
  });
});

describe('a file that is read again', () => {
  const file = join(root, 'again.json');
  const text = JSON.stringify({ defaultAction: 'SCMP_ACT_LOG', syscalls: [] });

  test('is the same profile for as long as its text and the options are the same', () => {
    writeFileSync(file, text);
    const first = loadProfile(file);
    expect(loadProfile(file)).toBe(first);
    expect(loadProfile(file, { mode: 'compat' })).toMatchObject({ mode: 'compat' });
    expect(loadProfile(file, { format: 'oci' })).toMatchObject({ format: 'oci' });
    writeFileSync(file, text.replace('LOG', 'KILL'));
    expect(loadProfile(file).document.defaultAction).toBe('SCMP_ACT_KILL');
    writeFileSync(file, text);
    expect(loadProfile(file)).toBe(first);
  });

  test('is parsed anew after eight others, or if it is not valid', () => {
    writeFileSync(file, text);
    const first = loadProfile(file);
    for (let i = 0; i < 8; i++) {
      writeFileSync(file, text + ' '.repeat(i + 1));
      loadProfile(file);
    }
    writeFileSync(file, text);
    expect(loadProfile(file)).not.toBe(first);
    writeFileSync(file, '{}');
    for (let i = 0; i < 2; i++) expect(() => loadProfile(file)).toThrow(`${file}:1:1`);
  });
});
