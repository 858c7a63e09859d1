/** The checked-in tables are what the script writes from the installed headers. */

import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { generate, missingHeaders } from '../../scripts/generate/syscalls.js';

const missing = missingHeaders();

/** Drops the comment that names the packages' versions: a point release changes it, and nothing else. */
const body = (text: string) => text.replace(/^\/\*\*[\s\S]*?\*\/\n/, '');

test('are up to date', ({ skip }) => {
  skip(missing !== undefined, `no ${missing}`);
  const files = generate();
  for (const name of ['numbers', 'arguments'] as const) {
    const path = new URL(`../../lib/syscalls/generated/${name}.ts`, import.meta.url);
    expect(body(files[name]), `${name}.ts is out of date: run \`npm run generate -- syscalls\``).toBe(
      body(readFileSync(path, 'utf8')),
    );
  }
});
