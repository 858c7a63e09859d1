/** The JSON Schema of sandbox files is made from the table that checks them, and has what editors show. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { SANDBOX_KEYS } from '../../../lib/sandbox/file/fields.js';
import { readSandboxObject } from '../../../lib/sandbox/file/read.js';
import { sandboxJsonSchema } from '../../../scripts/generate/json-schemas.js';

const shipped = readFileSync(new URL('../../../schema/sandbox.schema.json', import.meta.url), 'utf8');
const schema = JSON.parse(shipped);
const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema);

test('it is up to date: npm run generate -- schema', () => {
  expect(shipped).toBe(sandboxJsonSchema());
});

test('editors find each key, with its description', () => {
  expect(Object.keys(schema.properties)).toEqual(SANDBOX_KEYS);
  for (const { description } of Object.values<{ description: string }>(schema.properties))
    expect(description).toMatch(/^\S.{10,}[.]$/);
  expect(JSON.stringify(schema.properties.extends)).toContain('"untrusted"');
  expect(JSON.stringify(schema.properties.profile)).toContain('"docker-default"');
  expect(JSON.stringify(schema.definitions.path)).toContain('"@system"');
});

describe('it agrees with loadSandbox on', () => {
  test.each<[string, object, boolean]>([
    ['an empty sandbox', {}, true],
    [
      'all keys',
      { $schema: 'x', extends: 'untrusted', profile: 'node', isolate: true, network: 'none', timeout: 0 },
      true,
    ],
    ['paths', { paths: { read: ['@system', { path: '.', optional: true }], write: [], execute: ['/bin'] } }, true],
    ['limits', { limits: { memory: '1G', processes: 5, cpu: 1.5, exact: false } }, true],
    ['rlimits', { rlimits: { core: 0, as: '1G', cpu: { soft: 1, hard: 'unlimited' } } }, true],
    ['variables', { env: { A: '', B: 'x' } }, true],
    ['names of variables', { env: ['PATH'], descendants: 'leave', capabilities: ['CAP_CHOWN'] }, true],
    ['a profile', { profile: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] } }, true],
    ['a list of profiles', { profile: ['node', { defaultAction: 'SCMP_ACT_LOG' }] }, true],
    ['an unknown key', { more: 1 }, false],
    ['a wrong profile', { profile: { defaultAction: 'X' } }, false],
    ['a wrong list', { paths: { read: '.' } }, false],
    ['an unknown list', { paths: { reed: [] } }, false],
    ['a path without a path', { paths: { read: [{ optional: true }] } }, false],
    ['an unknown network', { network: 'any' }, false],
    ['an unknown resource', { rlimits: { nofil: 1 } }, false],
    ['half of a limit', { rlimits: { cpu: { soft: 1 } } }, false],
    ['a number as a variable', { env: { A: 1 } }, false],
    ['a time as a text', { timeout: '5s' }, false],
    ['an unknown capability', { capabilities: ['SYS_ADMIN'] }, false],
    ['null', { timeout: null }, false],
  ])('%s', (_, document, isValid) => {
    const hasErrors = readSandboxObject(document).issues.some(({ severity }) => severity === 'error');
    expect([validate(document), !hasErrors]).toEqual([isValid, isValid]);
  });
});
