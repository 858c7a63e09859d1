/** Prints as JSON the first stack frame of each wrong call's error. */
import { calls, errorOf } from './calls.mjs';

const frames = {};
for (const name of Object.keys(calls)) {
  const error = await errorOf(name);
  const line = String(error?.stack)
    .split('\n')
    .find((text) => /^ +at /.test(text));
  frames[name] = line?.trim() ?? String(error);
}
console.log(JSON.stringify(frames));
process.exit();
