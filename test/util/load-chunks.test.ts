/** Which files of dist/ are loaded before a filter, or a lack of descriptors, prevents it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

/** The files that were loaded. */
let loaded: string[] = [];

beforeEach(() => {
  loaded = [];
  vi.resetModules();
  const names = ['compile', 'cli', 'core', 'profile', 'sandbox', 'syscalls', 'xsandbox'];
  const others = ['index.cjs', 'compile.chunk.cjs.map', '.chunk.cjs.txt', 'sandbox'];
  vi.doMock('node:fs', () => ({ readdirSync: () => [...others, ...names.map((name) => `${name}.chunk.cjs`)] }));
  vi.doMock('node:module', () => ({ createRequire: () => (file: string) => loaded.push(file) }));
});
afterEach(() => {
  vi.doUnmock('node:fs');
  vi.doUnmock('node:module');
  vi.resetModules();
});

test('all chunks are loaded for harden, each time, and nothing else', async () => {
  const { loadAllChunks } = await import('../../lib/util/load-chunks.js');
  const all = ['compile', 'cli', 'core', 'profile', 'sandbox', 'syscalls', 'xsandbox'];
  loadAllChunks();
  expect(loaded).toEqual(all.map((name) => `./${name}.chunk.cjs`));
});

test('those that a notification needs are loaded once', async () => {
  const { loadNotificationChunks } = await import('../../lib/util/load-chunks.js');
  loadNotificationChunks();
  loadNotificationChunks();
  expect(loaded).toEqual(['compile', 'profile', 'sandbox', 'syscalls'].map((name) => `./${name}.chunk.cjs`));
});
