/**
 * Prints a profile that the builder made, for a container engine to read. With --check, which is for the container,
 * tests that the engine attached the profile.
 */
import { chmodSync, mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { arg, extend, stringify } from '../../dist/index.js';

if (process.argv[2] !== '--check') {
  const profile = extend('docker-default')
    .deny('chmod', 'fchmodat', 'fchmodat2', { errno: 'ENOSYS' })
    .deny('socket', arg(0).eq('AF_INET'), { errno: 'EACCES' })
    .allow('@io-uring');
  console.log(stringify(profile));
} else {
  expectCode(
    'chmod',
    'ENOSYS',
    codeOf(() => chmodSync(mkdtempSync('/tmp/profile-'), 0o700)),
  );
  connect({ host: '127.0.0.1', port: 9 }).on('error', ({ code }) => expectCode('socket', 'EACCES', code));
}

function codeOf(call) {
  try {
    call();
    return 'allowed';
  } catch ({ code }) {
    return code;
  }
}

function expectCode(call, expected, code) {
  console.log(`${call}: ${code}`);
  if (code === expected) return;
  console.error(`containers/profile.mjs: ${call} should fail with ${expected}`);
  process.exitCode = 1;
}
