// Nanoseconds that resolve, compile and prove take, a line each: the first time in this process, then again and again.
// `node bench/compile-time.mjs PROFILE TIMES [ABI]`: a built-in's name or a path; what the profile names is what ABI replaces.
import { compile } from '../dist/filter/compile.js';
import { thisHost } from '../dist/host.js';
import { loadProfile } from '../dist/profile/load.js';
import { resolve } from '../dist/profile/resolve.js';

const [, , source, times, abi] = process.argv;
const profile = loadProfile(source);
const host = thisHost([], abi === undefined ? undefined : [abi]);
for (let i = 0; i < Number(times); i++) {
  const start = performance.now();
  compile(resolve(profile, host));
  console.log((performance.now() - start) * 1e6);
}
