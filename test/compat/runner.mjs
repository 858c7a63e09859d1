/**
 * Runs scripts of this folder against one implementation: `node runner.mjs node|PROFILE SECTION…`, and sends what they
 * tell, by section.
 */
import * as nodes from 'node:child_process';
import { inspect } from 'node:util';
import { Sandbox } from '../../dist/index.js';

const [implementation, ...sections] = process.argv.slice(2);
const cp = implementation === 'node' ? nodes : new Sandbox(implementation);

async function told(body) {
  try {
    return inspect(await body(cp), { depth: 8, maxArrayLength: null, maxStringLength: 4000, breakLength: 100 });
  } catch (error) {
    return `FAILED ${inspect(error)}`;
  }
}

const results = {};
for (const section of sections) {
  const { default: behaviours } = await import(`./${section}.mjs`);
  results[section] = {};
  for (const [name, body] of Object.entries(behaviours))
    results[section][name] = { facts: await told(body), row: body.row };
}
process.send?.(results);
