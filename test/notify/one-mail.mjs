/**
 * Runs a script of a shell whose calls of uname(2) are answered by a handler that throws, and gets its first reports in
 * one mail of the addon: `node one-mail.mjs SCRIPT REPORTS [watched]`. REPORTS is the number of its denied and notified
 * calls. The listener of `handlerError` throws too, and so does onViolation of a watched child. Prints the number of
 * uncaught exceptions when this process ends.
 */
import { createRequire } from 'node:module';
import { spawn } from 'seccomp';

const CALL_WORDS = 11;
const [script, reports, watched] = process.argv.slice(2);

const addon = createRequire(import.meta.url)('../../build/Release/seccomp.node');
const { openMailbox } = addon;
/** Collects mail until all reports are in it. The calls wait for an answer meanwhile, so there can't be more. */
addon.openMailbox = (onMail) => {
  const kinds = [];
  const words = [];
  let left = Number(reports);
  return openMailbox((newKinds, newWords, size, ...others) => {
    kinds.push(...newKinds);
    words.push(...newWords.subarray(0, size));
    left -= newKinds.length / 2 + size / CALL_WORDS;
    if (left > 0) return;
    const calls = BigUint64Array.from(words.splice(0));
    onMail(kinds.splice(0), calls, calls.length, ...others);
  });
};

let uncaught = 0;
process.on('uncaughtException', () => uncaught++);
const fail = (message) => {
  throw new Error(message);
};
const profile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
};
const child = spawn('/bin/sh', ['-c', script], profile, {
  notify: { uname: () => fail('handler') },
  stdio: 'ignore',
  ...(watched && { onViolation: () => fail('onViolation') }),
});
child.on('handlerError', () => fail('handlerError'));
// Not when the child has closed, which may come before the last exception.
process.on('exit', () => console.log(uncaught));
