// node:test: a file in a process of its own.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-test-'));
try {
  const file = join(folder, 'one.test.mjs');
  writeFileSync(file, "import test from 'node:test'; test('one', () => {});");
  const passed = [];
  for await (const { type, data } of run({ files: [file] })) {
    if (type === 'test:pass') passed.push(data.name);
    if (type === 'test:fail') throw data.details.error;
  }
  assert.deepEqual(passed.slice(0, 1), ['one']);
} finally {
  rmSync(folder, { recursive: true });
}
