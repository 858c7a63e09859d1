/**
 * The entry point that Node loads: the API of index.ts, with each function made public (see util/caller). A function
 * here does not evaluate the file that implements it before the first call, so that an import of the package loads
 * little. Functions with fixed parameters refuse further arguments; the functions that start programs do so themselves.
 */
import * as api from './index.js';
import { limitedAsync, limitedFunction } from './util/argument-count.js';
import { lazyPublicFunction } from './util/caller.js';

export {
  constants,
  Filter,
  LoadedSandbox,
  Profile,
  ProfileError,
  RunError,
  Sandbox,
  SandboxedProcess,
  SandboxFileError,
  SeccompError,
} from './index.js';

export const arg = limitedFunction('arg', 1, () => api.arg);
export const checkProfile = limitedFunction('checkProfile', 2, () => api.checkProfile);
export const compare = limitedFunction('compare', 3, () => api.compare);
export const compile = limitedFunction('compile', 2, () => api.compile);
export const decompile = limitedFunction('decompile', 2, () => api.decompile);
export const delegateCgroup = limitedFunction('delegateCgroup', 1, () => api.delegateCgroup);
export const disassemble = limitedFunction('disassemble', 1, () => api.disassemble);
export const evaluate = limitedFunction('evaluate', 2, () => api.evaluate);
export const execve = lazyPublicFunction('execve', () => api.execve);
export const explain = limitedFunction('explain', 3, () => api.explain);
export const extend = limitedFunction('extend', 2, () => api.extend);
export const fork = lazyPublicFunction('fork', () => api.fork);
export const harden = limitedFunction('harden', 2, () => api.harden);
export const intersect = limitedFunction('intersect', 3, () => api.intersect);
export const isSupported = limitedFunction('isSupported', 0, () => api.isSupported);
export const listen = limitedFunction('listen', 3, () => api.listen);
export const loadProfile = limitedFunction('loadProfile', 2, () => api.loadProfile);
export const loadSandbox = limitedFunction('loadSandbox', 1, () => api.loadSandbox);
export const parseProfile = limitedFunction('parseProfile', 2, () => api.parseProfile);
export const prove = limitedFunction('prove', 2, () => api.prove);
export const record = limitedAsync('record', 3, () => api.record);
export const resolve = limitedFunction('resolve', 2, () => api.resolve);
export const run = lazyPublicFunction('run', () => api.run);
export const spawn = lazyPublicFunction('spawn', () => api.spawn);
export const spawnSync = lazyPublicFunction('spawnSync', () => api.spawnSync);
export const stringify = limitedFunction('stringify', 1, () => api.stringify);
export const syscallGroup = limitedFunction('syscallGroup', 1, () => api.syscallGroup);
export const thisHost = limitedFunction('thisHost', 1, () => api.thisHost);
export const union = limitedFunction('union', 3, () => api.union);
