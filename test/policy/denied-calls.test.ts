/** What is denied to children, as denied-calls.txt lists it: a change of the table must change the file too. */
import { expect, test } from 'vitest';
import { DENIED } from '../../lib/policy/denied-calls.js';
import type { Condition } from '../../lib/policy/policy.js';
import type { AbiName } from '../../lib/syscalls/abi.js';

/** ABIs on which the errnos, the requests of ioctl, or the types of sockets differ. */
const SOME_ABIS: readonly AbiName[] = ['x86_64', 'x86', 'mips64', 'parisc', 'sh'];

function inWords(condition: Condition): string {
  const { index, width, op, value } = condition;
  const mask = op === 'masked-eq' ? ` & 0x${condition.mask.toString(16)}` : '';
  return `argument ${index} (${width} bits)${mask} ${op} 0x${value.toString(16)}`;
}

test('the calls that are denied are those of denied-calls.txt', async () => {
  const text = DENIED.map(({ syscall, to, by, errno, conditions, why }) => {
    const onAbis = SOME_ABIS.map((abi) => ({
      abi,
      words: `errno ${errno(abi)}${conditions(abi)
        .map((each) => `, if ${inWords(each)}`)
        .join('')}`,
    }));
    const all = [...new Set(onAbis.map(({ words }) => words))];
    const lines = all.map((words) => {
      const on = onAbis.filter((each) => each.words === words).map(({ abi }) => abi);
      return `  ${words}${all.length === 1 ? '' : `, on ${on.join(' ')}`}`;
    });
    return [`${syscall}, by ${by}, to ${to.join(' ')}`, ...lines, `  ${why}`].join('\n');
  }).join('\n\n');
  await expect(`${text}\n`).toMatchFileSnapshot('denied-calls.txt');
});
