/** The row of a Node that is linked with musl, as Alpine Linux has it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { install } from './programs.mjs';
import { Failure, runCommand, runJob } from './project.mjs';
import { cache } from './tools.mjs';

/** The version of Node in the program that musl-node.sh takes. */
const VERSION = '26.0.0';

const script = resolve(import.meta.dirname, 'musl-node.sh');
const folder = join(cache, `node-musl@${VERSION}`);

/** Why the row can't run on this machine. */
function reasonAgainst() {
  if (process.arch !== 'x64') return 'no such Node for this CPU';
  return existsSync('/etc/debian_version') ? undefined : 'musl-node.sh, which makes such a Node, needs Debian';
}

async function run(project) {
  const node = join(folder, 'node');
  if (!existsSync(node)) {
    await promisify(execFile)(script, [folder]).catch((error) => {
      throw new Failure(`musl-node.sh: ${error.message}\n${error.stderr}`);
    });
  }
  await install(project);
  const env = { LD_LIBRARY_PATH: join(folder, 'lib') };
  const job = await runJob(project, node, ['program.mjs'], { env });
  return `${job}, ${await runCommand(project, node, ['node_modules/seccomp/dist/cli/main.js'], { env })}`;
}

export const musl = {
  what: 'Node on musl',
  version: VERSION,
  quick: false,
  reason: reasonAgainst(),
  tools: [['node 24', 'node']],
  run,
};
