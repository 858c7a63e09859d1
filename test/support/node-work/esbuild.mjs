// esbuild from npm: a program of its own, written in Go, that bundles a module.
import assert from 'node:assert/strict';
import { build, stop } from 'esbuild';

const { outputFiles } = await build({
  stdin: { contents: 'import { equal } from "node:assert"; export const a: number = 6 * 7', loader: 'ts' },
  platform: 'node',
  bundle: true,
  format: 'esm',
  write: false,
  logLevel: 'silent',
});
assert.match(outputFiles[0].text, /6 \* 7/);
await stop();
