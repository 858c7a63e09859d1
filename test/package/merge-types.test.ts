/** scripts/build/merge-types.mjs: what it merges, and what it refuses since the merged file would mean something else. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../support/root.js';

const { mergeTypes } = await import(join(packageRoot, 'scripts/build/merge-types.mjs'));

/** Merges modules, of which `index` is the entry. */
function merge(modules: Readonly<Record<string, string>>): string {
  return mergeTypes(['index'], (name: string) => modules[name] ?? '');
}

test('contains what the entry exports and what that refers to, with its comments, and nothing else', () => {
  const a = `/** Describes the module. */
/** An interface. */
export interface A {
    readonly b: Promise<B>;
    readonly stream: Stream;
}
export declare function unused(): void;
`;
  const imports = `import type { Stream } from 'node:stream';\nimport { type B } from './folder/b.js';\n`;
  const b = `/** A type. */
export type B =
/** One. */
{
    one: 'unused';
} | Second;
type Second = {};
export {};
`;
  expect(merge({ index: "export { type A } from './a.js';\n", a: imports + a, 'folder/b': b })).toBe(
    `import type { Stream } from 'node:stream';
/** An interface. */
export interface A {
    readonly b: Promise<B>;
    readonly stream: Stream;
}
/** A type. */
export type B =
/** One. */
{
    one: 'unused';
} | Second;
type Second = {};
export {};
`,
  );
});

test('an import is one of a value if a module imports it so', () => {
  const index = "export { A } from './a.js';\nexport type { B } from './b.js';\n";
  const a = "import { Stream } from 'node:stream';\nexport declare class A extends Stream {\n}\n";
  const b = "import type { Stream } from 'node:stream';\nexport type B = Stream;\n";
  expect(merge({ index, a, b })).toContain("import { Stream } from 'node:stream';\n");
});

const INDEX = "export { A } from './a.js';\nexport { B } from './b.js';\n";
const B = 'export type B = string;\n';

test.each([
  [
    'interface C {\n}\nexport type A = C;\n',
    'type C = 1;\nexport type B = C;\n',
    'C is declared by a and by b: rename one',
  ],
  ["import { B as C } from './b.js';\nexport type A = C;\n", B, 'a.ts renames B: rename it where it is declared'],
  ["export type A = import('./b.js').B;\n", B, 'a.d.ts has import(…): import the type in a.ts'],
  [
    'export type A = Event;\n',
    'type Event = 1;\nexport type B = Event;\n',
    'Event in a.ts would be that of b: rename one',
  ],
  ['export default class A {\n}\n', B, 'a.d.ts: cannot merge export default class A'],
  ['', B, 'a.ts has no declaration of A that can be merged'],
])('refuses %j', (a, b, message) => {
  expect(() => merge({ index: INDEX, a, b })).toThrow(message);
});
