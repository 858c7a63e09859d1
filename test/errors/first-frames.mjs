/** Prints as JSON the first stack frame of each wrong call's error, and the lines that Node prints of the error. */
import { inspect } from 'node:util';
import { calls, errorOf } from './calls.mjs';

const errors = [];
for (const call of Object.keys(calls)) {
  const error = await errorOf(call);
  const line = String(error?.stack)
    .split('\n')
    .find((text) => /^ +at /.test(text));
  errors.push({ call, frame: line?.trim() ?? String(error), printed: inspect(error).split('\n') });
}
console.log(JSON.stringify(errors));
process.exit();
