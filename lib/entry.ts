/**
 * The entry point that Node loads: the API of index.ts, with each function made public (see util/caller). A function
 * here does not evaluate the file that implements it before the first call, so that an import of the package loads
 * little.
 */
import * as api from './index.js';
import { lazyPublicFunction } from './util/caller.js';

export {
  constants,
  Filter,
  Profile,
  ProfileError,
  RunError,
  Sandbox,
  SandboxedProcess,
  SeccompError,
} from './index.js';

export const arg = lazyPublicFunction('arg', () => api.arg);
export const checkProfile = lazyPublicFunction('checkProfile', () => api.checkProfile);
export const compare = lazyPublicFunction('compare', () => api.compare);
export const compile = lazyPublicFunction('compile', () => api.compile);
export const decompile = lazyPublicFunction('decompile', () => api.decompile);
export const disassemble = lazyPublicFunction('disassemble', () => api.disassemble);
export const evaluate = lazyPublicFunction('evaluate', () => api.evaluate);
export const execve = lazyPublicFunction('execve', () => api.execve);
export const explain = lazyPublicFunction('explain', () => api.explain);
export const extend = lazyPublicFunction('extend', () => api.extend);
export const fork = lazyPublicFunction('fork', () => api.fork);
export const harden = lazyPublicFunction('harden', () => api.harden);
export const intersect = lazyPublicFunction('intersect', () => api.intersect);
export const listen = lazyPublicFunction('listen', () => api.listen);
export const loadProfile = lazyPublicFunction('loadProfile', () => api.loadProfile);
export const parseProfile = lazyPublicFunction('parseProfile', () => api.parseProfile);
export const prove = lazyPublicFunction('prove', () => api.prove);
export const record = lazyPublicFunction('record', () => api.record);
export const resolve = lazyPublicFunction('resolve', () => api.resolve);
export const run = lazyPublicFunction('run', () => api.run);
export const spawn = lazyPublicFunction('spawn', () => api.spawn);
export const spawnSync = lazyPublicFunction('spawnSync', () => api.spawnSync);
export const stringify = lazyPublicFunction('stringify', () => api.stringify);
export const syscallGroup = lazyPublicFunction('syscallGroup', () => api.syscallGroup);
export const thisHost = lazyPublicFunction('thisHost', () => api.thisHost);
export const union = lazyPublicFunction('union', () => api.union);
