/** fork with a URL and silent: the parent reads the output. */
import { fork } from 'node:child_process';
import { once } from 'node:events';

export async function use() {
  const child = fork(new URL('../children/print.mjs', import.meta.url), ['a', 'b'], {
    silent: true,
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  const output = child.stdout?.setEncoding('utf8').toArray();
  const [code] = await once(child, 'exit');
  return [code, await output];
}
