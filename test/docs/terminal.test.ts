/** README's picture of a terminal shows what its commands print now. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { drawTerminal, linesOf, recordTerminal } from '../../scripts/generate/terminal.js';
import { packageRoot } from '../support/root.js';

/** The reason to skip what runs these programs, if one is missing. */
const missing = ['script', 'unshare'].find((program) => spawnSync(program, ['--version']).error !== undefined);
const noPrograms = missing === undefined ? undefined : `${missing} is not installed`;

/** The texts of a picture, without what differs between machines and runs: the process, its files, and the CPU. */
function textsOf(svg: string): readonly string[] {
  const texts = [...svg.matchAll(/<text[^>]*>(.*)<\/text>/g)].map(([, text = '']) => text);
  return texts.map((text) => text.replace(/^by .*/, 'by a program').replace(/ ?on \w+:/, ' on a CPU:'));
}

test('docs/terminal.svg is what the commands print', ({ skip }) => {
  skip(noPrograms !== undefined, noPrograms);
  const committed = readFileSync(join(packageRoot, 'docs/terminal.svg'), 'utf8');
  const remedy = 'the picture has changed: run `npm run generate -- terminal`, and look at it';
  expect(textsOf(drawTerminal(recordTerminal())), remedy).toEqual(textsOf(committed));
});

const COLOR = { text: '#d7dae0', green: '#7ee08a' };

test('styles of the output are kept, and a long line is broken as by a terminal', () => {
  expect(linesOf('\x1b[1mA\x1b[22m b\x1b[32mc\x1b[39m\r\n')).toEqual([
    [
      { column: 0, text: 'A', color: COLOR.text, isBold: true },
      { column: 1, text: ' b', color: COLOR.text, isBold: false },
      { column: 3, text: 'c', color: COLOR.green, isBold: false },
    ],
  ]);
  expect(linesOf('x'.repeat(101)).map(([run]) => run?.text.length)).toEqual([100, 1]);
});

test('other escape sequences are an error', () => {
  expect(() => linesOf('\x1b[2Jcleared')).toThrow('an unknown escape sequence');
});
