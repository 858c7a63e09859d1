/** Starts a program for each of `cases`, with limits that are sampled. Prints how each has ended. */
import { children } from '../../support/children.mjs';
import { input, PROFILE, run } from '../tree/trees.mjs';

const results = [];
for (const { way, limits } of input.cases) {
  const given = { ...input.options, limits: { ...limits, exact: false }, timeout: 60_000 };
  const { limit, signal, exitCode, stdout, message, enforcement } = await run(
    input.uses,
    way.map(String),
    PROFILE,
    given,
  ).catch((error) => error);
  results.push({
    ended: { limit, signal, exitCode, enforced: enforcement?.limits, tree: enforcement?.tree },
    stdout,
    message,
    children: children().length,
  });
}
console.log(JSON.stringify(results));
