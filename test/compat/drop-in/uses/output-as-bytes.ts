/** Binary output: execFile and exec with an encoding of bytes. */
import { exec, execFile } from 'node:child_process';
import { promisify } from 'node:util';

const hash = (data: Uint8Array) => data.reduce((sum, byte) => sum + byte, 0);

export async function use() {
  const viaCallback = await new Promise<number>((resolve, reject) => {
    execFile('printf', ['\\377\\376'], { encoding: 'buffer' }, (error, stdout) =>
      error ? reject(error) : resolve(hash(stdout)),
    );
  });
  const { stdout } = await promisify(execFile)('printf', ['\\001'], { encoding: 'buffer', maxBuffer: 1 << 20 });
  const viaExec = await promisify(exec)("printf '\\002'", { encoding: null });
  return [viaCallback, hash(stdout), hash(viaExec.stdout)];
}
