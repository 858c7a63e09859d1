import { once } from '../../lib/util/memo.js';
import { evaluateScript, WITH_RINGS } from './scripts.js';

/** Whether this Node makes io_uring instances if UV_USE_IO_URING is set. Starts Node to find out, once, when it is first asked. */
export const hasRings = once(() => evaluateScript('return rings().length > 0', { env: WITH_RINGS }) === true);

/** The reason to skip tests without io_uring. */
export const NO_IO_URING = 'this Node or this kernel makes no io_uring instance';
