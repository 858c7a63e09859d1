/** The tables of this folder as text files, which a change of a table must change too: `npx vitest run test/decode -u`. */
import { expect, test } from 'vitest';
import { meaningOfArgument } from '../../lib/decode/argument-meanings.js';
import { capturesOf, distinguishing } from '../../lib/decode/captures.js';
import { FAMILIES, type Family } from '../../lib/decode/constant-families.js';
import { namesOfFamilies } from '../../lib/decode/constant-names.js';
import type { AbiName } from '../../lib/syscalls/abi.js';
import { syscallNames, syscallNumber } from '../../lib/syscalls/table.js';

/** ABIs that differ in the functions that they enter, in the width of registers, or in the order of arguments. */
const SOME_ABIS = ['x86_64', 'x86', 'aarch64', 'arm', 's390', 'ppc'] as const;

/** Each argument with a meaning: `0 family*`; the asterisk marks one that tells kinds of calls apart. */
function argumentsInWords(abi: AbiName, syscall: string): string {
  const marked = distinguishing(abi, syscall);
  const captures = new Map(capturesOf(abi, syscall).map(({ argument, length }) => [argument, length]));
  const words = [0, 1, 2, 3, 4, 5].flatMap((index) => {
    const meaning = meaningOfArgument(abi, syscall, index);
    if (meaning === undefined) return [];
    const name = meaning.kind === 'constants' ? meaning.family : meaning.kind;
    const length = captures.get(index);
    const size =
      typeof length === 'object' ? `[argument ${length.argument}]` : length === undefined ? '' : `[${length}]`;
    return [`${index} ${name}${size}${marked.includes(index) ? '*' : ''}`];
  });
  return words.join(', ');
}

/** `socket: 0 family*, 1 socktype*, …`, and the ABIs on which it is so, if there are others. */
function meaningsInWords(): string {
  const lines = [...syscallNames()].sort().flatMap((syscall) => {
    const abis = SOME_ABIS.filter((abi) => syscallNumber(abi, syscall) !== undefined);
    const inWords = abis.map((abi) => ({ abi, words: argumentsInWords(abi, syscall) }));
    const all = [...new Set(inWords.map(({ words }) => words))];
    return all.flatMap((words) => {
      const on = inWords.filter((each) => each.words === words).map(({ abi }) => abi);
      return words === '' ? [] : [`${syscall}${all.length === 1 ? '' : ` on ${on.join(' ')}`}: ${words}`];
    });
  });
  return `${lines.join('\n')}\n`;
}

/** `seek numbers, mask ffffffffffffffff: SEEK_CUR SEEK_DATA …` */
function familiesInWords(): string {
  const lines = namesOfFamilies('x86_64').flatMap(([family, part, names]) => {
    const { mask } = Object.entries<Family>(FAMILIES).find(([name]) => name === family)?.[1] ?? { mask: 0n };
    const list = [...names.keys()].sort();
    return list.length === 0 ? [] : [`${family} ${part}, mask ${mask.toString(16)}: ${list.join(' ')}`];
  });
  return `${lines.join('\n')}\n`;
}

test('the meanings of arguments are those of meanings.txt', async () => {
  await expect(meaningsInWords()).toMatchFileSnapshot('meanings.txt');
});

test('the constants of each family are those of families.txt', async () => {
  await expect(familiesInWords()).toMatchFileSnapshot('families.txt');
});
