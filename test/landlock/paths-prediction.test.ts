/** The option `paths` decides accesses as predicted from the rules that are made of it. */
import { statSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Paths, pathRules, readPaths } from '../../lib/landlock/paths/option.js';
import { predict, type Ruleset } from '../../lib/landlock/paths/prediction.js';
import { ALL_RIGHTS, RIGHTS_OF_FILES } from '../../lib/landlock/paths/rights.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { describeUnless } from '../support/describe-unless.js';
import { answersUnder, landlockAbi, program } from './accesses.js';
import { places, type Scenario, scenario } from './scenarios.js';

const { rights: handled, reason } = pathsSupport();

describeUnless(reason ?? undefined, 'a child with paths', () => {
  const abi = landlockAbi();
  const directories = reason === null ? places(abi) : [];

  test('is denied what is predicted, and nothing else', async () => {
    const results = new Set<string>();
    const property = fc.asyncProperty(scenario(directories, abi, 40), choices, ends, async (each, chosen, end) => {
      const paths = pathsOf(each, chosen);
      const answers = await answersUnder(paths, each, end);
      const ruleset = rulesetOf(paths, each);
      const wrong = each.attempts.flatMap(({ access, words }, i) => {
        const { outside, inside } = answers[i] ?? expect.fail('no answer');
        const prediction = predict(ruleset, access, each.tree);
        const expected = prediction.allowed ? outside : prediction.errno;
        results.add(prediction.allowed ? 'allowed' : prediction.errno);
        return expected === inside ? [] : [`${words}: predicted ${expected}, found ${inside}`];
      });
      expect(wrong, JSON.stringify(paths)).toEqual([]);
    });
    await fc.assert(property, { numRuns: 40 });
    expect([...results].sort()).toEqual(['EACCES', 'EXDEV', 'allowed']);
  });
});

/** Without a guardian, and with one, whose domain the child is in as well. */
const ends = fc.constantFrom('leave', 'kill');
const list = fc.array(fc.nat({ max: 1 << 20 }), { maxLength: 3 });
const choices = fc.record({ read: list, write: list, execute: list });

/** Some of the files of a scenario, and of the directories above them. */
function pathsOf({ nodes, place }: Scenario, chosen: Record<'read' | 'write' | 'execute', readonly number[]>): Paths {
  const paths = nodes.filter(({ what }) => what !== 'symlink').map(({ path }) => path);
  const candidates = [...paths, ...paths, place, '/', '/dev', '/dev/null', '@system'];
  const pick = (indexes: readonly number[]) => indexes.map((index) => candidates[index % candidates.length] ?? '/');
  return {
    read: pick(chosen.read),
    write: pick(chosen.write).filter((path) => path !== '@system'),
    execute: pick(chosen.execute),
  };
}

/** The rules of `paths`, without what the kernel refuses for files. */
function rulesetOf(paths: Paths, { place, nodes }: Scenario): Ruleset {
  const types = new Map(nodes.map(({ path, what }) => [path, what]));
  const isDirectory = (path: string) =>
    types.has(path)
      ? types.get(path) === 'directory'
      : (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true);
  const subject = { directory: place, needs: [program()], files: [], isNode: false, tmp: undefined };
  const rules = pathRules(readPaths(paths), subject).map(({ path, rights }) => ({
    path,
    rights: rights & handled & (isDirectory(path) ? ALL_RIGHTS : RIGHTS_OF_FILES),
  }));
  return { handled, rules };
}
