/** The entry point of `seccomp/testing` that Node loads; see lib/entry.ts. */
import { limitedAsync, limitedFunction } from '../util/argument-count.js';
import * as api from './index.js';

export { matchers } from './index.js';

export const assertAllowed = limitedFunction('assertAllowed', 3, () => api.assertAllowed);
export const assertDenied = limitedFunction('assertDenied', 3, () => api.assertDenied);
export const assertMakesNoDeniedCalls = limitedAsync('assertMakesNoDeniedCalls', 3, () => api.assertMakesNoDeniedCalls);
export const assertNeedsNoMore = limitedAsync('assertNeedsNoMore', 3, () => api.assertNeedsNoMore);
export const assertRunsUnder = limitedAsync('assertRunsUnder', 3, () => api.assertRunsUnder);
export const neededSyscalls = limitedAsync('neededSyscalls', 2, () => api.neededSyscalls);
export const probe = limitedFunction('probe', 3, () => api.probe);
