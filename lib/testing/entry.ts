/** The entry point of `seccomp/testing` that Node loads; see lib/entry.ts. */
import { lazyPublicFunction } from '../util/caller.js';
import * as api from './index.js';

export { matchers } from './index.js';

export const assertAllowed = lazyPublicFunction('assertAllowed', () => api.assertAllowed);
export const assertDenied = lazyPublicFunction('assertDenied', () => api.assertDenied);
export const assertNeedsNoMore = lazyPublicFunction('assertNeedsNoMore', () => api.assertNeedsNoMore);
export const assertRunsUnder = lazyPublicFunction('assertRunsUnder', () => api.assertRunsUnder);
export const neededSyscalls = lazyPublicFunction('neededSyscalls', () => api.neededSyscalls);
export const probe = lazyPublicFunction('probe', () => api.probe);
