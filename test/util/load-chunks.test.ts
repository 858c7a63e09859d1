/** Which files of dist/ are loaded before a filter, or a lack of descriptors, prevents it. */
import fs from 'node:fs';
import module from 'node:module';
import { beforeEach, expect, test } from 'vitest';
import { spyOnBuiltin } from '../support/spy-on-builtin.js';

/** An instance of its own, which has loaded nothing. */
const instance = '../../lib/util/load-chunks.js?test';
const { loadAllChunks, loadNotificationChunks }: typeof import('../../lib/util/load-chunks.js') = await import(
  instance
);

/** The files that were loaded. */
let loaded: string[] = [];

beforeEach(() => {
  loaded = [];
  const names = ['compile', 'cli', 'core', 'profile', 'sandbox', 'syscalls', 'xsandbox'];
  const others = ['index.cjs', 'compile.chunk.cjs.map', '.chunk.cjs.txt', 'sandbox'];
  spyOnBuiltin(fs, 'readdirSync').mockReturnValue([...others, ...names.map((name) => `${name}.chunk.cjs`)] as never);
  spyOnBuiltin(module, 'createRequire').mockReturnValue(((file: string) => loaded.push(file)) as never);
});

test('all chunks are loaded for harden, each time, and nothing else', () => {
  const all = ['compile', 'cli', 'core', 'profile', 'sandbox', 'syscalls', 'xsandbox'];
  loadAllChunks();
  expect(loaded).toEqual(all.map((name) => `./${name}.chunk.cjs`));
});

test('those that a notification needs are loaded once', () => {
  loadNotificationChunks();
  loadNotificationChunks();
  expect(loaded).toEqual(['compile', 'profile', 'sandbox', 'syscalls'].map((name) => `./${name}.chunk.cjs`));
});
