/**
 * Tests that every code block of a page does what the page says: its blocks run in order, in a new project in which the package
 * is installed, on the Node that runs this suite. The programs pass the type check. test/README.md describes the info strings
 * and directives.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { once } from '../../../lib/util/memo.js';
import { seccomp } from '../command-line.js';
import { typeErrorsOf } from './block-types.js';
import { type Block, blocksOf, isExample, isRun } from './blocks.js';
import { inWordsOf, matches } from './expected-output.js';
import {
  copyFiles,
  linkPackages,
  makePageFolder,
  obstacleToPackages,
  type PageFolder,
  writeBlock,
} from './page-folder.js';
import { packageRoot, textOfPage } from './pages.js';
import { type Background, obstacleTo, runBlock, SharedBlocks, startInBackground } from './run-block.js';

export function testBlocksOf(names: readonly string[]): void {
  const pages = names.map((page) => [page, blocksOf(textOfPage(page))] as const);
  const typeErrors = once(() => typeErrorsOf(pages));

  test('the type check reports nothing that is not in a page', () => {
    expect(typeErrors().filter((error) => !names.some((page) => error.startsWith(`${page}:`)))).toEqual([]);
  });

  describe.each(pages.filter(([, blocks]) => blocks.length > 0))('%s', (page, blocks) => {
    test(`${page} passes the type check`, () => {
      expect(typeErrors().filter((error) => error.startsWith(`${page}:`))).toEqual([]);
    });
    testInOrder(page, blocks);
  });
}

function testInOrder(page: string, blocks: readonly Block[]): void {
  let folder: PageFolder;
  let shared: SharedBlocks;
  const running: Background[] = [];
  beforeAll(() => {
    folder = makePageFolder(blocks, page);
    shared = new SharedBlocks(folder);
  });
  afterAll(async () => {
    for (const background of running) await background.end();
    shared.end();
    folder.remove();
  });

  for (const block of blocks) {
    test(`${page}:${block.line} ${block.language}`, async ({ skip }) => {
      if (block.problem !== undefined) expect.fail(block.problem);
      if (isExample(block)) return compareWithRepository(block);
      copyFiles(folder.path, block);
      if (block.name !== undefined) writeBlock(folder.path, block);
      if (!isRun(block)) return await checkData(folder, block, skip);
      const obstacle = obstacleTo(block) ?? obstacleToPackages(block);
      if (obstacle !== undefined) skip(obstacle);
      linkPackages(folder.path, block);
      if (block.directive.backgroundUntil === undefined) await checkRun(folder, shared, block);
      else running.push(await checkBackground(folder, block));
    });
  }
}

/** A block that names a file of examples/ is that file, which has a test of its own. */
function compareWithRepository({ name = '', code }: Block): void {
  expect(code).toBe(readFileSync(join(packageRoot, name), 'utf8'));
}

async function checkRun(folder: PageFolder, shared: SharedBlocks, block: Block): Promise<void> {
  const run = SharedBlocks.canRun(block) ? shared.run(block) : runBlock(folder, block);
  const { status, output, stderr } = await run;
  const { exit } = block.directive;
  expect(status, output).toBe(exit);
  if (block.expected !== undefined) checkOutput(output, block.expected);
  else if (exit === 0 && block.language !== 'sh') expect(stderr, 'standard error').toBe('');
}

function checkOutput(output: string, expected: string): void {
  if (!matches(output, expected)) expect(inWordsOf(expected, output)).toBe(expected);
}

async function checkBackground(folder: PageFolder, block: Block): Promise<Background> {
  const { expected, directive } = block;
  const words = directive.backgroundUntil ?? '';
  const isReady = (output: string) => output.includes(words) && (expected === undefined || matches(output, expected));
  const background = await startInBackground(folder, block, isReady);
  const output = background.output();
  if (isReady(output)) return background;
  await background.end();
  expect(output).toContain(words);
  checkOutput(output, expected ?? '');
  return background;
}

/** JSON and YAML must parse. `seccomp check` must accept a profile. Programs that are not run are skipped. */
async function checkData(folder: PageFolder, block: Block, skip: (reason: string) => never): Promise<void> {
  const { language, code, directive } = block;
  if (directive.isOnlyWritten) return;
  if (language === 'yaml') expect(parseAllDocuments(code).flatMap(({ errors }) => errors.map(String))).toEqual([]);
  else if (language === 'json') await checkJson(folder, block);
  else if (directive.notRun !== undefined) skip(directive.notRun);
}

async function checkJson(folder: PageFolder, block: Block): Promise<void> {
  const value: unknown = JSON.parse(block.code);
  if (typeof value !== 'object' || value === null || !('defaultAction' in value)) return;
  const { status, stdout, stderr } = await seccomp('check', writeBlock(folder.path, block));
  expect(status, stdout + stderr).toBe(0);
}
