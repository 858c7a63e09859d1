/** The tools of scripts/package-matrix.mjs: nothing runs whose content is not pinned. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../support/scripts.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-tools-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('musl-node.sh uses no other program than the one whose SHA-512 it has', () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'npm'), '#!/bin/sh\necho other >pnpm.tgz\n', { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}`, LC_ALL: 'C' };
  const target = join(folder, 'node');
  const { status, stdout, stderr } = spawnSync('scripts/musl-node.sh', [target], {
    cwd: packageRoot,
    env,
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: './pnpm.tgz: FAILED\n',
    stderr: 'sha512sum: WARNING: 1 computed checksum did NOT match\n',
  });
  expect(existsSync(target)).toBe(false);
});
