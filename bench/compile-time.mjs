// Nanoseconds that resolve, compile and prove take, a line each: the first time in this process, then again and again.
// `node bench/compile-time.mjs PROFILE TIMES [ABI]`: a built-in's name or a path; what the profile names is what ABI replaces.
import { compile, loadProfile } from '../dist/index.js';

const [, , source, times, abi] = process.argv;
const profile = loadProfile(source, { mode: 'compat' });
const options = abi === undefined ? {} : { abis: [abi] };
for (let i = 0; i < Number(times); i++) {
  const start = performance.now();
  compile(profile, options);
  console.log((performance.now() - start) * 1e6);
}
