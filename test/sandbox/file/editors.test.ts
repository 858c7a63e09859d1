/** What editors make of the JSON Schema: those with the language service of Visual Studio Code propose keys and values, and explain them. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { getLanguageService, TextDocument } from 'vscode-json-languageservice';

const schema = JSON.parse(readFileSync(new URL('../../../schema/sandbox.schema.json', import.meta.url), 'utf8'));
const service = getLanguageService({});
service.configure({ schemas: [{ uri: 'file:///schema.json', fileMatch: ['*.json'], schema }], validate: true });

/** What an editor shows at the mark `|` of a text, and where it sees mistakes. */
async function seen(marked: string) {
  const text = marked.replace('|', '');
  const document = TextDocument.create('file:///sandbox.json', 'json', 1, text);
  const parsed = service.parseJSONDocument(document);
  const position = document.positionAt(marked.indexOf('|'));
  const completion = await service.doComplete(document, position, parsed);
  const hover = await service.doHover(document, position, parsed);
  const mistakes = await service.doValidation(document, parsed);
  return {
    proposed: completion?.items.map(({ label }) => label) ?? [],
    hover: String(hover?.contents),
    mistakes: mistakes.map(({ message, range: { start } }) => `${start.line + 1}:${start.character + 1} ${message}`),
  };
}

describe('an editor', () => {
  test.each([
    ['the keys', '{ | }', ['extends', 'profile', 'paths', 'network', 'timeout']],
    ['the built-in sandboxes', '{ "extends": | }', ['"untrusted"']],
    ['the built-in profiles', '{ "profile": | }', ['"docker-default"', '"node"', '"unconfined"']],
    ['the words for paths', '{ "paths": { "read": [ | ] } }', ['"@system"', '"@node"', '"@tmp"']],
    ['the resources', '{ "rlimits": { | } }', ['nofile', 'core', 'cpu']],
    ['the actions of a profile', '{ "profile": { "defaultAction": | } }', ['"SCMP_ACT_ERRNO"']],
  ])('proposes %s', async (_, text, expected) => {
    expect((await seen(text)).proposed).toEqual(expect.arrayContaining(expected));
  });

  test.each([
    ['{ "ext|ends": "untrusted" }', 'The sandbox that this one adds to'],
    ['{ "paths": { "wr|ite": ["./out"] } }', 'Files to read and write'],
    ['{ "limits": { "pro|cesses": 5 } }', 'Number of processes and threads together'],
  ])('explains the key in %s', async (text, expected) => {
    expect((await seen(text)).hover).toContain(expected);
  });

  test('marks mistakes where they are', async () => {
    const { mistakes } = await seen('{\n "tiemout|": 5,\n "network": "any" }');
    expect(mistakes.sort()).toEqual([
      '2:2 Property tiemout is not allowed.',
      '3:13 Value is not accepted. Valid values: "none".',
    ]);
  });
});
