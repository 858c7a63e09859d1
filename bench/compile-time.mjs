// Nanoseconds that resolve, compile and prove take, a line each: the first time in this process, then again and again.
// `node bench/compile-time.mjs PROFILE TIMES [ABI…]`: a built-in's name or a path; the ABIs replace those that it names.
import { compile, loadProfile } from '../dist/index.js';

const [, , source, times, ...abis] = process.argv;
const profile = loadProfile(source, { mode: 'compat' });
const options = abis.length === 0 ? {} : { abis };
for (let i = 0; i < Number(times); i++) {
  const start = performance.now();
  compile(profile, options);
  console.log((performance.now() - start) * 1e6);
}
