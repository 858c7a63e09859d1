/** The entry point of `seccomp/testing` that Node loads; see lib/entry.ts. */
import { limitedFunction } from '../util/argument-count.js';
import { lazyPublicFunction } from '../util/caller.js';
import * as api from './index.js';

export { matchers } from './index.js';

export const assertAllowed = limitedFunction('assertAllowed', 3, () => api.assertAllowed);
export const assertDenied = limitedFunction('assertDenied', 3, () => api.assertDenied);
export const assertNeedsNoMore = lazyPublicFunction('assertNeedsNoMore', () => api.assertNeedsNoMore);
export const assertRunsUnder = lazyPublicFunction('assertRunsUnder', () => api.assertRunsUnder);
export const neededSyscalls = lazyPublicFunction('neededSyscalls', () => api.neededSyscalls);
export const probe = limitedFunction('probe', 3, () => api.probe);
