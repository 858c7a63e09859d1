/**
 * Prints the nanoseconds of resolve, compile and prove, for the first and each further time in this process.
 * `node bench/compile-time.mjs PROFILE TIMES [ABI…]`: PROFILE is a built-in's name or a path; ABIs replace the
 * profile's.
 */
import { compile, loadProfile } from '../dist/index.js';

const [, , source, times, ...abis] = process.argv;
const profile = loadProfile(source, { mode: 'compat' });
const options = abis.length === 0 ? {} : { abis };
for (let i = 0; i < Number(times); i++) {
  const start = performance.now();
  compile(profile, options);
  console.log((performance.now() - start) * 1e6);
}
