/** A handler of errors of exec, with the types of its parameters written out. */
import { type ExecException, exec, execFile } from 'node:child_process';

const tool: string = process.env['TOOL'] ?? '/no/such/tool';

function describe(error: ExecException | null): string {
  if (error === null) return 'no error';
  return `${error.cmd ?? 'unknown'}: code ${error.code}, killed ${error.killed}, signal ${error.signal}`;
}

export async function use() {
  const failed = await new Promise<string>((resolve) => exec('exit 5', (error) => resolve(describe(error))));
  const missing = await new Promise((resolve) =>
    execFile(tool, ['a'], (error, stdout) => resolve([error?.code, error?.cmd, error?.syscall, stdout])),
  );
  return [failed, missing];
}
