/** Runs one script of this folder against one implementation: `node runner.mjs SECTION node|PROFILE`; prints JSON. */
import * as nodes from 'node:child_process';
import { inspect } from 'node:util';
import { Sandbox } from '../../dist/index.js';

const [section, implementation] = process.argv.slice(2);
const cp = implementation === 'node' ? nodes : new Sandbox(implementation);
const { default: behaviours } = await import(`./${section}.mjs`);

const results = {};
for (const [name, body] of Object.entries(behaviours)) {
  let facts;
  try {
    facts = inspect(await body(cp), { depth: 8, maxArrayLength: null, maxStringLength: 4000, breakLength: 100 });
  } catch (error) {
    facts = `FAILED ${inspect(error)}`;
  }
  results[name] = { facts, row: body.row };
}
process.send?.(results);
