/** Thousands of starts under all kinds of failures: memory use does not grow, and no child lacks its filter. */
import { expect, test } from 'vitest';
import { SEED } from '../support/seed.js';
import { failWithoutFilter, killStarter, resultOf } from '../support/starts.js';

/** Starts from which memory is measured; as many come before. */
const STARTS = 50_000;

failWithoutFilter();

test(`${STARTS} starts from three threads, many of which fail, leave nothing behind`, () => {
  const { heap, memory, ...left } = resultOf('churn.mjs', { count: STARTS, workers: 2, seed: SEED }) as Record<
    string,
    unknown
  >;
  expect(left, `seed ${SEED}`).toEqual({ descriptors: [], zombies: 0, resources: [] });
  expect(heap, 'bytes of heap').toBeLessThan(1_000_000 + 100 * STARTS);
  expect(memory, 'bytes of growth').toBeLessThan(24 * 2 ** 20);
}, 1_200_000);

test('a parent that is killed in the middle leaves no child without its filter', async () => {
  for (let round = 0; round < 50; round++) expect(await killStarter(round)).toMatchObject({ signal: 'SIGKILL' });
}, 300_000);
