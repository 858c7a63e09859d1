/** The numbers by which the addon is asked are those of its sources. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NONE, NULL, RULE_FILE, RULE_OPTIONAL, RULE_PROGRAM, SOCKET } from '../../lib/addon/interface.js';
import { CALL_WORDS } from '../../lib/addon/notify-interface.js';

/** The values of the constants of a source that are numbers, by their names. */
function constantsIn(file: string): Readonly<Record<string, number>> {
  const text = readFileSync(new URL(`../../native/${file}`, import.meta.url), 'utf8');
  const found = [...text.matchAll(/\b(k[A-Z]\w*) = (-?\d+)[;,]/g)];
  return Object.fromEntries(found.map(([, name, value]) => [name, Number(value)]));
}

test('descriptors of a child that are none of this process', () => {
  expect(constantsIn('child/request.h')).toMatchObject({ kNoDescriptor: NONE, kNullDevice: NULL, kNewSocket: SOCKET });
});

test('kinds of rules', () => {
  const rules = { kOptional: RULE_OPTIONAL, kProgram: RULE_PROGRAM, kFile: RULE_FILE };
  expect(constantsIn('napi/landlock/rulesets.cc')).toMatchObject(rules);
});

test('words of a waiting call', () => {
  expect(constantsIn('supervisor/mailbox.h')).toMatchObject({ kCallWords: CALL_WORDS });
});
