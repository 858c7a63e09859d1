/** Reads the titles of tests out of their source, without running them. */
import { transformSync } from 'esbuild';
import { parseAst } from 'vitest/node';

/** The functions that make a test or a group of tests that never runs. */
const NEVER_RUNS = /^(?:test|it|describe)\.(?:skip|todo)\(/;

/**
 * Returns the strings of a TypeScript source, which the titles of its tests are among: a title may also be a row of
 * `test.each`. Comments, and tests that never run (`test.skip`, `test.todo`), are left out.
 */
export function stringsOf(source: string): readonly string[] {
  const { code } = transformSync(source, { loader: 'ts', charset: 'utf8' });
  return stringsBelow(parseAst(code), code);
}

function stringsBelow(node: unknown, code: string): readonly string[] {
  if (Array.isArray(node)) return node.flatMap((each) => stringsBelow(each, code));
  if (typeof node !== 'object' || node === null || !('type' in node && 'start' in node && 'end' in node)) return [];
  const text = code.slice(Number(node.start), Number(node.end));
  if (node.type === 'CallExpression' && NEVER_RUNS.test(text)) return [];
  if (node.type === 'TemplateLiteral') return [text.slice(1, -1)];
  if ('value' in node && typeof node.value === 'string') return [node.value];
  return Object.values(node).flatMap((each) => stringsBelow(each, code));
}

/** Returns the titles of the steps of a shell script: `step "TITLE"` on a line of its own. */
export function stepsOf(script: string): readonly string[] {
  return [...script.matchAll(/^\s*step "(.*)"$/gm)].map(([, title = '']) => title);
}
