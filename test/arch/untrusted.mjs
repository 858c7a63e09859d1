/**
 * In a guest: prints what a Node under the sandbox `untrusted` achieves, and what is enforced on it, or why it does not start; and the
 * same with `bestEffort`.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { run } from 'seccomp';

const folder = mkdtempSync('/tmp/untrusted-');
const work = join(folder, 'work');
mkdirSync(work);
writeFileSync(join(folder, 'secret'), 'secret');
writeFileSync(join(work, 'input'), 'input');
const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
await once(server, 'listening');
process.env['SECRET'] = 'secret';

const program = `
  const fs = require('fs');
  const tries = {
    reads: () => fs.readFileSync('input'),
    writesPrivate: () => fs.writeFileSync(process.env.HOME + '/x', 'x'),
    secret: () => fs.readFileSync('../secret'),
    write: () => fs.writeFileSync('new', 'x'),
    variable: () => { if (process.env.SECRET === undefined) throw new Error(); },
    signal: () => process.kill(${process.pid}, 0),
    environ: () => fs.readFileSync('/proc/${process.pid}/environ'),
  };
  const achieved = Object.keys(tries).filter((name) => { try { tries[name](); return true; } catch { return false; } });
  const done = () => console.log(JSON.stringify(achieved));
  require('net').connect(${server.address().port}, '127.0.0.1').on('connect', () => { achieved.push('network'); done(); process.exit(); }).on('error', done);
`;

const outcome = async (options) => {
  try {
    const { stdout, enforcement } = await run(process.execPath, ['-e', program], 'untrusted', {
      cwd: work,
      ...options,
    });
    return { achieved: JSON.parse(stdout), enforcement };
  } catch ({ code, message, stderr }) {
    return { code, message, stderr };
  }
};

console.log(JSON.stringify({ strict: await outcome({}), bestEffort: await outcome({ bestEffort: true }) }));
server.close();
