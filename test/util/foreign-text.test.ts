/** Text that this package has not written, on its way to a message, a log or JSON. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shellWord } from '../../lib/addon/shell-word.js';
import { textFromBytes } from '../../lib/decode/text-from-bytes.js';
import {
  member,
  printableJson,
  printableLine,
  printableLines,
  quoted,
  shownName,
} from '../../lib/util/foreign-text.js';
import { nodeError } from '../../lib/util/node-error.js';
import { systemError } from '../../lib/util/system-error.js';
import { HIDDEN_CHARACTERS, HOSTILE_NAMES } from '../support/hostile-names.js';

/** Shells of this machine. dash does not read `$'…'`, which only names with a newline at their end need. */
const SHELLS = ['/bin/dash', '/bin/bash'].filter((shell) => existsSync(shell));

/** What a name was, from what is shown. */
const read = (shown: string): unknown => (shown.startsWith('"') ? JSON.parse(shown) : shown);

describe.each(HOSTILE_NAMES)('%j', (name) => {
  test('is shown as nothing else', () => {
    for (const show of [quoted, shownName]) {
      expect(show(name)).not.toMatch(HIDDEN_CHARACTERS);
      expect(show(name)).not.toContain('\n');
      expect(read(show(name))).toBe(name);
    }
  });

  test('is one line, or has the lines that it had', () => {
    expect(printableLine(name)).not.toMatch(HIDDEN_CHARACTERS);
    expect(printableLine(name)).not.toContain('\n');
    expect(printableLines(name).replaceAll('\t', '')).not.toMatch(HIDDEN_CHARACTERS);
    expect(printableLines(name).split('\n').length).toBe(name.split('\n').length);
    expect(printableLine(printableLine(name))).toBe(printableLine(name));
  });

  test('is one word of a shell, as it was', () => {
    const word = shellWord(name);
    expect(word).not.toMatch(HIDDEN_CHARACTERS);
    expect(word).not.toContain('\n');
    if (name.includes('\0') || !name.isWellFormed()) return;
    for (const shell of SHELLS.filter((each) => each !== '/bin/dash' || !name.endsWith('\n')))
      expect(execFileSync(shell, ['-c', `printf '<%s>' ${word}`], { encoding: 'utf8' })).toBe(`<${name}>`);
  });

  test('is the place of a property of its own', () => {
    expect(member(name)).not.toMatch(HIDDEN_CHARACTERS);
    const [, json] = /^\[(".*")\]$/.exec(member(name)) ?? [];
    expect(json === undefined ? member(name) : JSON.parse(json)).toBe(json === undefined ? `.${name}` : name);
  });

  test('is no other text in errors that are made as Node makes them', () => {
    const { message } = systemError(2, 'spawn', name);
    expect(message).toBe(`spawn ${shownName(name)} ENOENT`);
    for (const text of [message, nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', `options.env['${name}']`).message]) {
      expect(text).not.toMatch(HIDDEN_CHARACTERS);
      expect(text).not.toContain('\n');
    }
  });

  test('is the same in JSON', () => {
    const text = printableJson({ [name]: [name] }, 2);
    expect(text).not.toMatch(HIDDEN_CHARACTERS);
    expect(JSON.parse(text)).toEqual({ [name]: [name] });
  });
});

describe('bytes', () => {
  test('of UTF-8 are its text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(textFromBytes(Buffer.from(text))).toBe(text);
      }),
    );
  });

  test('of any kind are a text of their own', () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.array(fc.constantFrom(0x2f, 0xc3, 0xa9, 0xe2, 0xed, 0xa0, 0x80, 0xf0, 0xf4, 0xff)),
    );
    fc.assert(
      fc.property(bytes, (list) => {
        const given = Buffer.from(list);
        const back = [...textFromBytes(given)].map((character) => {
          const code = character.charCodeAt(0);
          return character.length === 1 && code >= 0xdc80 && code <= 0xdcff
            ? Buffer.of(code - 0xdc00)
            : Buffer.from(character);
        });
        expect(Buffer.concat(back)).toEqual(given);
      }),
    );
  });

  test('that are not UTF-8 are not shown as U+FFFD is', () => {
    expect(shownName(textFromBytes(Buffer.of(0x61, 0xff)))).toBe('"a\\udcff"');
    expect(shownName(textFromBytes(Buffer.from('a\ufffd')))).toBe('"a\\ufffd"');
  });
});

test.each(['a: b', 'a;b', 'a, b', 'a:1', 'a:', 'a b', "it's", '‘a’'])('%s is in quotation marks', (name) => {
  expect(shownName(name)).toBe(JSON.stringify(name));
});

test.each(['a', 'é', '日本', '😀', '/usr/bin/env', '@node', 'a:b', 'file:///a'])('%s is shown as it is', (name) => {
  expect([shownName(name), printableLine(name)]).toEqual([name, name]);
});
