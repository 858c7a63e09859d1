/**
 * Modules of Node that only some functions need, loaded at their first use: importing them takes longer than importing the
 * rest of this package. They are kept, as a start uses several of them, and getBuiltinModule() takes a while each time.
 */
import { once } from './memo.js';

export const asyncHooks = once(() => process.getBuiltinModule('node:async_hooks'));
export const childProcess = once(() => process.getBuiltinModule('node:child_process'));
export const diagnostics = once(() => process.getBuiltinModule('node:diagnostics_channel'));
export const net = once(() => process.getBuiltinModule('node:net'));
export const os = once(() => process.getBuiltinModule('node:os'));
export const stream = once(() => process.getBuiltinModule('node:stream'));
export const zlib = once(() => process.getBuiltinModule('node:zlib'));
