/** exec with a callback, without and with options. */
import { exec } from 'node:child_process';

export const use = () =>
  new Promise((resolve, reject) => {
    exec('echo $HOME', { env: { HOME: '/nowhere' } }, (error, stdout, stderr) => {
      if (error) return reject(error);
      const version = stdout.trim();
      exec('echo again', (again, text) => resolve([version, stderr.length, again, text.trim()]));
      return undefined;
    });
  });
