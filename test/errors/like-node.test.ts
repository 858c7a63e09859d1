/** Errors for wrong arguments and options are those of node:child_process, in every text that a program can see. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

interface Facets {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly text: string;
  readonly firstLine: string;
  readonly keys: readonly string[];
  readonly hasOwnName: boolean;
}
interface Pair {
  readonly title: string;
  readonly node: Facets | 'no error';
  readonly ours: Facets | 'no error';
}

const script = fileURLToPath(new URL('wrong-options.mjs', import.meta.url));
const { pairs, own }: { readonly pairs: readonly Pair[]; readonly own: Readonly<Record<string, Facets>> } = JSON.parse(
  execFileSync(process.execPath, [script], { encoding: 'utf8' }),
);

test.each(pairs)('$title', ({ node, ours }) => {
  expect(node).not.toBe('no error');
  expect(ours).toEqual(node);
});

describe('errors of this package print as Node’s own do:', () => {
  test.each(Object.entries(own))('%s', (_, { name, code, message, text, firstLine, keys, hasOwnName }) => {
    expect(text).toBe(`${name} [${code}]: ${message}`);
    expect({ firstLine, hasOwnName }).toEqual({ firstLine: text, hasOwnName: false });
    expect(keys).toEqual(name === 'ProfileError' ? ['code', 'source'] : ['code']);
  });
});
