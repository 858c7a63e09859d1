// node:wasi: a program that reads the clock and a random number, and exits.
import assert from 'node:assert/strict';
import { WASI } from 'node:wasi';

process.removeAllListeners('warning');
const wasi = new WASI({ version: 'preview1', returnOnExit: true, preopens: { '/': '/' } });
const { random_get: randomGet, fd_prestat_get: prestat } = wasi.getImportObject().wasi_snapshot_preview1;
assert.equal(typeof randomGet, 'function');
assert.equal(typeof prestat, 'function');
