/** Profiles of other projects: the format of each, whether it loads, and its errors and warnings. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ProfileMode, readProfileOptions } from '../../lib/profile/document/options.js';
import { readText } from '../../lib/profile/source.js';

const corpus = new URL('../../../shared/data/corpus/', import.meta.url);
const files = existsSync(corpus) ? readdirSync(corpus).toSorted() : [];

/** The format, errors and warnings of a reading, and the place of the first error. */
function outcome(file: string, mode: ProfileMode) {
  const { profile, issues } = readText(readFileSync(new URL(file, corpus), 'utf8'), readProfileOptions({ mode }));
  const errors = issues.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  return {
    format: profile?.format ?? 'none',
    errors: errors.length,
    warnings: issues.length - errors.length,
    ...(first === undefined ? {} : { at: `${first.line}:${first.column}` }),
  };
}

type Outcome = ReturnType<typeof outcome>;

const CLEAN: Outcome = { format: 'docker', errors: 0, warnings: 0 };

/**
 * The profiles that are not both in Docker's format and without diagnostics: the results of strict and compat mode,
 * with reasons.
 */
const OTHERS: ReadonlyMap<string, { readonly strict: Outcome; readonly compat: Outcome; readonly why: string }> =
  new Map(
    [
      // A letter before the document, an address before it, and a comma before a bracket.
      notJson('genuinetools__binctr__seccomp.json', '1:1'),
      notJson('jusito__docker-vsftpd-alpine__seccomp__default.json', '1:1'),
      notJson('oskarirauta__seccomp-oci_cpp__seccomp.json', '34:9'),
      taken('containers__container-libs__common__pkg__seccomp__seccomp.json', 'podman', 0, 'has errnos by name'),
      taken(
        'opencontainers__runtime-spec__schema__test__config__good__spec-example.json',
        'oci',
        0,
        'is a config.json',
      ),
      taken(
        'WellingtonEspindula__SecArch_Secured-http-server__seccomp-profile.json',
        'docker',
        2,
        'allows pread and pwrite, which are no syscalls',
      ),
      taken(
        'smirnoffmg__hardened-vpn-node__security__seccomp.json',
        'docker',
        1,
        'has subarchitectures for subArchitectures',
      ),
      refused('kgyrtkirk__hive-dev-box__seccomp.json', 1, '2:2', 'has a key downloadedFrom'),
      refused('rythelle__alcatraz__seccomp-profile.json', 4, '3:3', 'has an errno of ALLOW, and keys of its own'),
      refused(
        'youki-dev__youki__experiment__seccomp__tests__fixtures__default_x86_64.json',
        27,
        '59:4',
        'has keys case',
      ),
    ].map(({ file, ...expected }) => [file, expected]),
  );

function notJson(file: string, at: string) {
  const failed: Outcome = { format: 'none', errors: 1, warnings: 0, at };
  return { file, strict: failed, compat: failed, why: 'is not JSON' };
}

function taken(file: string, format: string, warnings: number, why: string) {
  const both: Outcome = { format, errors: 0, warnings };
  return { file, strict: both, compat: both, why };
}

function refused(file: string, errors: number, at: string, why: string) {
  return { file, strict: { format: 'none', errors, warnings: 0, at }, compat: { ...CLEAN, warnings: errors }, why };
}

describe.skipIf(files.length === 0)('profiles of other projects (needs ../shared/data)', () => {
  test.each(files.map((file) => [file, OTHERS.get(file)?.why ?? 'is clean']))('%s %s', (file) => {
    const { strict, compat } = OTHERS.get(file) ?? { strict: CLEAN, compat: CLEAN };
    expect({ strict: outcome(file, 'strict'), compat: outcome(file, 'compat') }).toEqual({ strict, compat });
  });

  test('has a file for each line of the table', () => {
    expect([...OTHERS.keys()].filter((file) => !files.includes(file))).toEqual([]);
  });
});
