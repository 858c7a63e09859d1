/** Text that this package has not written, on its way to a message, a log or JSON. */
import { describe, expect, test } from 'vitest';
import { printableJson, printableLine, printableLines, quoted, shownName } from '../../lib/util/foreign-text.js';
import { HIDDEN_CHARACTERS, HOSTILE_NAMES } from '../support/hostile-names.js';

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

  test('is the same in JSON', () => {
    const text = printableJson({ [name]: [name] }, 2);
    expect(text).not.toMatch(HIDDEN_CHARACTERS);
    expect(JSON.parse(text)).toEqual({ [name]: [name] });
  });
});

test.each(['a', 'a b', 'é', '日本', '😀', "it's", '/usr/bin/env', '@node'])('%s is shown as it is', (name) => {
  expect([shownName(name), printableLine(name)]).toEqual([name, name]);
});
