/**
 * Starts a supervised child, uses up all descriptors, and then lets the child make its calls. Prints what was reported
 * of them, and the files of dist/ that were loaded since the start: `node late.mjs '{ "dist", "calls", "what", "free" }'`.
 * `calls` is late.c, and so many descriptors stay `free`.
 */
import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { inspect } from 'node:util';

const { dist, calls, what, free } = JSON.parse(process.argv[2]);
const { cache } = createRequire(import.meta.url);
const { compile, extend, spawn } = await import(dist);
process.stdout.isTTY; // Node makes the stream at its first use.

const document = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
};
// Each loads only what it needs.
const profiles = {
  document: () => document,
  text: () => JSON.stringify(document, null, 1),
  builtin: () => 'docker-default',
  built: () => extend('docker-default').deny('mkdir'),
  filter: () => compile(document),
  list: () => [document, 'docker-default'],
};
const notify = {
  sched_get_priority_max: (call) => call.return(42),
  setpgid: async (call) => call.deny('EXDEV'),
  symlink: (call) => {
    throw new Error(call.syscall);
  },
  connect: (call) => {
    if (free === 0) return call.deny('ECONNREFUSED'); // The caller's socket can't be taken.
    call.socket(0);
    return call.connect(call.readSockaddr(1));
  },
};

const reported = [];
/** Reads all properties of a violation. */
const describe = (violation) => inspect(violation) && `${violation.syscall} ${violation.deniedBy}`;
const report = (error) => reported.push(error?.code ?? error?.message ?? String(error));
process.on('uncaughtException', report);

const child = spawn(calls, [], profiles[what](), {
  stdio: ['pipe', 'pipe', 'inherit'],
  onViolation: (violation) => reported.push(describe(violation)),
  notify,
});
child.on('handlerError', report);
let output = '';
child.stdout.setEncoding('utf8').on('data', (text) => {
  output += text;
});

const loaded = () => Object.keys(cache).filter((file) => file.endsWith('.cjs'));
const before = loaded();
const held = [];
try {
  for (;;) held.push(openSync('/dev/null'));
} catch {
  // No descriptor is left.
}
for (const descriptor of held.slice(0, free)) closeSync(descriptor);
child.stdin.write('\n'); // To end it would free a descriptor.
child.on('close', () => {
  for (const descriptor of held.slice(free)) closeSync(descriptor);
  const late = loaded().filter((file) => !before.includes(file));
  const violations = child.violations.map(({ syscall }) => syscall);
  console.log(JSON.stringify({ output, reported, violations, late: late.map((file) => basename(file)) }));
});
