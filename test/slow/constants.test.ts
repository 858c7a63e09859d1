/** The checked-in constants of all ABIs are what the script writes from the installed headers. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generate, missingHeaders } from '../../scripts/generate/constants.js';

const missing = missingHeaders();

/** Drops the comment that names the package's version: a point release changes it, and nothing else. */
const body = (text: string) => text.replace(/^\/\*\*[\s\S]*?\*\/\n/, '');

test('the files of constants are up to date', ({ skip }) => {
  skip(missing !== undefined, `no ${missing}`);
  const written = generate();
  for (const name of ['common-constants', 'constants', 'names'] as const) {
    const path = new URL(`../../lib/syscalls/generated/${name}.ts`, import.meta.url);
    expect(body(written[name]), `${name}.ts is out of date: run \`npm run generate -- syscalls\``).toBe(
      body(readFileSync(path, 'utf8')),
    );
  }
});
