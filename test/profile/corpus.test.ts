/** Profiles of other projects: the format of each, whether it loads, and its errors and warnings. */
import { describe, expect, test } from 'vitest';
import { type ProfileMode, readProfileOptions } from '../../lib/profile/document/options.js';
import { readText } from '../../lib/profile/source.js';
import { besideObstacle, type CorpusFile, corpusFiles } from '../support/corpus.js';

/** The format, errors and warnings of a reading, and the place of the first error. */
function outcome({ text }: CorpusFile, mode: ProfileMode) {
  const { profile, issues } = readText(text, readProfileOptions({ mode }));
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

describe('profiles of other projects', () => {
  test.each(corpusFiles.map((file) => [file.name, OTHERS.get(file.name)?.why ?? 'is clean', file] as const))(
    '%s %s',
    (name, _, file) => {
      const { strict, compat } = OTHERS.get(name) ?? { strict: CLEAN, compat: CLEAN };
      expect({ strict: outcome(file, 'strict'), compat: outcome(file, 'compat') }).toEqual({ strict, compat });
    },
  );

  test('has a file for each line of the table', ({ skip }) => {
    skip(besideObstacle !== undefined, besideObstacle);
    const names = new Set(corpusFiles.map(({ name }) => name));
    expect([...OTHERS.keys()].filter((name) => !names.has(name))).toEqual([]);
  });
});
