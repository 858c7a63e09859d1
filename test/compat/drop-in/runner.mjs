/** Calls each of the compiled uses in a folder, one after another, and prints what they return. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

const [folder = ''] = process.argv.slice(2);
const results = {};
for (const name of readdirSync(folder).filter((each) => each.endsWith('.js'))) {
  const { use } = await import(join(folder, name));
  results[name] = inspect(await use?.(), { depth: 4, compact: false });
}
process.stdout.write(`${JSON.stringify(results)}\n`);
