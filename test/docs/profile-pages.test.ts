/** What the pages about profiles and violations list is what the code has: built-ins, fields, actions and fallbacks. */
import { describe, expect, test } from 'vitest';
import { explain } from '../../lib/analysis/explain.js';
import { isFallback } from '../../lib/notify/violations/fallback.js';
import { BUILTIN_DEFINITIONS } from '../../lib/profile/builtin/index.js';
import { ACTIONS, ARGUMENT, CONDITION, DOCUMENT, FLAGS, OPERATORS, RULE } from '../../lib/profile/document/fields.js';
import { ABIS } from '../../lib/syscalls/abi.js';
import { syscallsOf } from '../../lib/syscalls/table.js';
import { textOfPage } from '../support/docs/pages.js';

/** The names in backticks that a text has, outside of its code blocks. */
const codesIn = (text: string) =>
  new Set([...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));

describe('the table of built-ins in docs/reference/built-in-profiles.md', () => {
  const page = textOfPage('docs/reference/built-in-profiles.md');
  const rows = [...page.matchAll(/^\| \[`([\w-]+)`\]\(.*?\) \| .+? \| (.+?) \| (.+?) \| (.+?) \| .+ \|$/gm)].map(
    ([, name = '', files, network, programs]) => ({ name, files, network, programs }),
  );

  test('has every built-in', () => {
    expect(rows.map(({ name }) => name).toSorted()).toEqual([...BUILTIN_DEFINITIONS.keys()].toSorted());
  });

  test.each(rows)('says what $name allows', ({ name, files, network, programs }) => {
    const isAllowed = (syscall: string, ...args: number[]) =>
      explain(name, { syscall, args }).action.kind === 'allow' ? 'yes' : 'no';
    expect(files === 'yes' ? 'yes' : 'no').toBe(isAllowed('openat'));
    expect(network).toBe(isAllowed('socket', 2, 1)); // AF_INET, SOCK_STREAM.
    expect(programs).toBe(isAllowed('execve'));
  });
});

test('docs/reference/profile-format.md has every field, action, operator and flag', () => {
  const codes = codesIn(textOfPage('docs/reference/profile-format.md'));
  const fields = [DOCUMENT, RULE, CONDITION].flatMap((struct) => Object.keys(struct.fields));
  const operators = OPERATORS.map((name) => name.replace(/^SCMP_CMP(?!_EQ$|_MASKED)/, ''));
  const flags = FLAGS.map((name) => name.replace(/^SECCOMP_FILTER_FLAG(?!_LOG)/, '…'));
  const names = [...fields, ...Object.keys(ARGUMENT.fields), ...ACTIONS, ...operators, ...flags];
  expect(names.filter((name) => !codes.has(name))).toEqual([]);
});

test('docs/reference/handlers.md has every call that programs try first', () => {
  const [section = ''] = textOfPage('docs/reference/handlers.md').match(/^`fallback` is true if$.*?^It says/ms) ?? [];
  const codes = codesIn(section);
  const names = new Set([...ABIS.keys()].flatMap((abi) => [...syscallsOf(abi).keys()]));
  const fallbacks = [...names].filter((name) => isFallback(name, { kind: 'errno', errno: 38 }, false));
  const ofWideTimes = /^clock_|^timer|_time64$/;
  expect(fallbacks.filter((name) => !ofWideTimes.test(name)).filter((name) => !codes.has(name))).toEqual([]);
  expect(fallbacks).toEqual(expect.arrayContaining([...codes].filter((code) => names.has(code) && code !== 'openat')));
});
