/** Options in variables, with the types of @types/node. */
import {
  type ExecFileOptions,
  type ExecSyncOptionsWithStringEncoding,
  execFile,
  execSync,
  type ForkOptions,
  fork,
  type SpawnOptionsWithoutStdio,
  type SpawnSyncOptionsWithStringEncoding,
  spawn,
  spawnSync,
} from 'node:child_process';
import { once } from 'node:events';

const sync: SpawnSyncOptionsWithStringEncoding = { encoding: 'utf8', cwd: '/' };
const command: ExecSyncOptionsWithStringEncoding = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
const plain: SpawnOptionsWithoutStdio = { cwd: '/' };
const file: ExecFileOptions = { shell: false, timeout: 10_000 };
const forked: ForkOptions = { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], detached: false };

export async function use() {
  const text = await new Promise((resolve) => execFile('echo', ['x'], file, (_error, stdout) => resolve(`${stdout}`)));
  const [code] = await once(fork(new URL('../children/print.mjs', import.meta.url), forked), 'exit');
  const printed = await spawn('pwd', plain).stdout.toArray();
  return [spawnSync('pwd', sync).stdout, execSync('echo y', command), text, code, String(printed)];
}
