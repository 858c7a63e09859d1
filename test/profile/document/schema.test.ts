/** The JSON Schema that the package ships is made from the table of fields, and agrees with the validator. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import type { ProfileIssue } from '../../../lib/errors.js';
import { readProfileOptions } from '../../../lib/profile/document/options.js';
import { loadProfile, readText } from '../../../lib/profile/source.js';
import { profileJsonSchema } from '../../../scripts/generate/json-schemas.js';
import { corpusFiles } from '../../support/corpus.js';

const shipped = readFileSync(new URL('../../../schema/profile.schema.json', import.meta.url), 'utf8');
const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(JSON.parse(shipped));

test('it is up to date: npm run generate -- schema', () => {
  expect(shipped).toBe(profileJsonSchema());
});

test('it accepts the built-ins', () => {
  expect(validate(JSON.parse(JSON.stringify(loadProfile('docker-default'))))).toBe(true);
});

function errorsIn(text: string): readonly ProfileIssue[] {
  return readText(text, readProfileOptions({})).issues.filter(({ severity }) => severity === 'error');
}

const rule = (fields: object) => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', ...fields }],
});
const argument = (fields: object) => rule({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ', ...fields }] });

describe('it agrees with the validator on', () => {
  test.each<[string, unknown, boolean]>([
    ['a rule', rule({}), true],
    ['null for absent', rule({ args: null, includes: null, errnoRet: null }), true],
    ['a comment and a schema', { $schema: 'x', comment: 'y', defaultAction: 'SCMP_ACT_LOG' }, true],
    ['a capability', rule({ includes: { caps: ['CAP_BPF'] } }), true],
    ['an empty version', rule({ includes: { minKernel: '' } }), true],
    ['no default action', { syscalls: [] }, false],
    ['an unknown key', rule({ arg: [] }), false],
    ['an unknown key of the document', { defaultAction: 'SCMP_ACT_LOG', more: 1 }, false],
    ['an unknown action', rule({ action: 'ALLOW' }), false],
    ['an unknown operator', argument({ op: 'SCMP_CMP_XX' }), false],
    ['an index above 5', argument({ index: 6 }), false],
    ['a negative value', argument({ value: -1 }), false],
    ['a fraction', argument({ value: 1.5 }), false],
    ['a value as text', argument({ value: '1' }), false],
    ['an unknown capability', rule({ includes: { caps: ['SYS_ADMIN'] } }), false],
    ['an unknown architecture', rule({ excludes: { arches: ['x86_64'] } }), false],
    ['a version that is none', rule({ includes: { minKernel: '0.0' } }), false],
    ['an unknown flag', { defaultAction: 'SCMP_ACT_LOG', flags: ['LOG'] }, false],
    ['a list', [], false],
  ])('%s', (_, document, isValid) => {
    expect([validate(document), errorsIn(JSON.stringify(document)).length === 0]).toEqual([isValid, isValid]);
  });
});

/** Problems of these profiles that a JSON Schema cannot find. It takes a key in another case for an unknown one. */
const UNSEEN = ['returns no errno', 'unknown syscall'];

describe('it agrees with the validator on profiles of other projects', () => {
  const files = corpusFiles.filter(
    ({ text }) => !errorsIn(text).some(({ message }) => message.startsWith('this is not JSON')),
  );
  test.each(files)('$name', ({ text }) => {
    const seen = errorsIn(text).filter(({ message }) => !UNSEEN.some((words) => message.includes(words)));
    const document = JSON.parse(text);
    const isInOtherCase = readText(text, readProfileOptions({})).issues.some(({ message }) =>
      message.includes('is read as'),
    );
    expect(validate(document.linux?.seccomp ?? document)).toBe(seen.length === 0 && !isInOtherCase);
  });
});
