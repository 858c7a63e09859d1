/**
 * Workers of pm2's cluster mode. pm2 gives such a worker the variables of its program, and the file of its errors, as
 * JSON in the variable pm2_env. pm2's own first module, which runs after those of --require, sets the variables, and
 * opens the file. Source: lib/God/ClusterMode.js and lib/ProcessContainer.js of pm2.
 */
import { appendFileSync } from 'node:fs';
import { own } from '../../util/own-data.js';

/** Returns this process as pm2 describes it; undefined if pm2's cluster mode has not started it. */
export function pm2Worker() {
  const text = process.env['pm2_env'];
  const given = text === undefined ? undefined : objectFrom(text);
  if (given === undefined) return undefined;
  const { pm_err_log_path: file, uid, gid } = given;
  return {
    /** Returns a variable of its program; undefined if pm2 gives it none of that name. */
    variable: (name: string): string | undefined => {
      const value = given[name];
      return typeof value === 'string' ? value : undefined;
    },
    /**
     * Logs a line as pm2 does for its program: sends it to pm2, which prints it where logs are followed, and adds it to the
     * file of errors, unless pm2 would open that as another user.
     */
    log: (line: string): void => {
      tryTo(() => process.send?.({ type: 'log:err', topic: 'log:err', data: line }));
      if (typeof file === 'string' && !uid && !gid) tryTo(() => appendFileSync(file, line));
    },
  };
}

function objectFrom(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? own({ ...value }) : undefined;
  } catch {
    return undefined; // The variable is not pm2's.
  }
}

function tryTo(log: () => void): void {
  try {
    log();
  } catch {
    // The line is on standard error as well.
  }
}
