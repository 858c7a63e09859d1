/** The introduction to each built-in profile's page in docs/: its purpose and its limits. */

/** Text that the pages of the profiles for Node share. */
const FOR_NODE = `It decides the native ABI alone: Node has no other, and a program that makes calls of another (32-bit x86 on x86_64) is
killed. It does not look at capabilities. \`io_uring\` and \`clone3\` answer ENOSYS, so that Node and C libraries do without.
No namespaces, mounts, debuggers, kernel programs or keyrings, and no TIOCSTI, which types into a terminal.

Profiles add up: \`['node-no-network', 'node-no-exec']\` is a Node program with neither.`;

const RECORDED = `## What it was made from

\`scripts/record-node-syscalls.mjs\` ran each file of \`test/support/node-work/\` under strace, on Node 20.20.2, 22.23.3, 24.21.0
and 26.10.0, x86_64, Linux 6.18, Debian 13 (glibc 2.41): http, http2 and fetch, fs in its three faces, worker_threads,
crypto, zlib, dns, Unix and TCP sockets, dgram, child_process, cluster, os and process, inspector, node:test, WASI; esbuild
0.28, sharp 0.35, better-sqlite3 13; and git, sh and python3 as programs that Node starts. The calls of
other CPUs and C libraries, and older forms of the same calls, were added by reading. \`test/integration/node-profiles.test.ts\`
runs the same files under the profile and says which work and how the others fail.`;

export interface Introduction {
  readonly before: string;
  /** Text below the tables. */
  readonly after?: string;
}

export const INTRODUCTIONS: ReadonlyMap<string, Introduction> = new Map([
  [
    'docker-default',
    {
      before: `The profile that Docker gives a container unless told otherwise. It lets through what programs use every day, and
keeps them from what acts on the whole machine, on other containers, or on much kernel code that few programs need.

Browsers' own sandboxes are made of namespaces, which it denies: Chromium ends with \`No usable sandbox\` and runs with
\`--no-sandbox\`, in Docker as here. Then this profile stands between a page and the kernel, and nothing between pages.`,
    },
  ],
  [
    'podman-default',
    {
      before: `The profile that Podman and CRI-O give a container unless told otherwise. It allows what the kernel itself guards well
enough, namespaces and mounts among it, so that containers can be made inside. What it does not know answers ENOSYS, as
an older kernel would, so that programs fall back.

Chromium's own sandbox runs under it where CAP_SYS_CHROOT is among the capabilities, as a container of Podman's has it.`,
    },
  ],
  [
    'node',
    {
      before: `For a Node program that may use files and the network and start programs. What it starts is under the same profile: sh,
git, python3, compilers and the like run; sudo, ping, debuggers, container engines and browsers' own sandboxes do not.

Sockets are of this machine (\`AF_UNIX\`), the internet, and netlink for the list of interfaces. System V and POSIX queues and
shared memory, which Node can't make, are left out, so PostgreSQL's server does not start under it.

${FOR_NODE}`,
      after: RECORDED,
    },
  ],
  [
    'node-no-network',
    {
      before: `\`node\` without sockets: none can be made, connected, bound or listened on, of no family, so that neither the internet nor
services of this machine (\`/var/run/docker.sock\`, D-Bus, a resolver) are reached. A server's \`listen\`, \`fetch\` and
\`net.connect\` fail with EPERM. Child processes, their pipes and IPC work: those are pairs of connected sockets, streams only.

**What it does not keep out**: a socket that the program was given (by inheritance, or over IPC, as a cluster's primary
does) can still send and receive. Files can be written, and what other programs read from files is up to permissions.

${FOR_NODE}`,
      after: RECORDED,
    },
  ],
  [
    'node-no-exec',
    {
      before: `\`node\` without other programs: neither processes nor programs start, threads do. \`child_process.spawn\`, \`exec\` and \`fork\`
fail with EACCES, by an \`error\` event, and their sync forms by an error; cluster likewise. worker_threads, the thread pool
and native addons work. The program itself starts in spite of the profile, thanks to [the exec gate](exec-gate.md).

**What it does not keep out**: code that runs in the process, native code of addons included. And who may connect to a
service that starts programs (\`docker.sock\`, D-Bus, ssh) can ask it to: add \`node-no-network\`.

${FOR_NODE}`,
      after: RECORDED,
    },
  ],
  [
    'compute',
    {
      before: `For what reads its input, computes, writes its output and ends: no path is opened, no socket made, no program or process
started, nobody signalled. Threads, timers and memory are there, machine code that a program makes for itself too.

**At spawn** it is for static programs (\`cc -static\`, Go without cgo, Rust on musl): the exec gate starts them. A dynamic
one ends with status 127 and \`error while loading shared libraries: …: Operation not permitted\`, since its loader opens files:
link it statically, or harden it from within. **A Node program** hardens itself with it once it has loaded what it needs:

\`\`\`js
import { harden, spawn } from 'seccomp';

// In the parent: under node, so that there is no io_uring from the start, which could not be taken away later.
spawn(process.execPath, ['worker.mjs'], 'node');

// In worker.mjs, after all imports:
harden('compute');
\`\`\`

From then on reading a file fails with EPERM, a module that is not loaded yet is not found, and a program does not start
(EPERM for its pipes, EACCES without any). What Node opens on demand is missing: without \`TZ\` times are in UTC unless the
zone was asked for before, and \`os.cpus()\`, from \`/proc\`, is empty. \`console.log\`, JSON, crypto, zlib, WebAssembly and
worker_threads with \`eval: true\` go on; \`process.abort()\` ends with another signal than SIGABRT.

**What it does not keep out**: descriptors that are open stay usable, sockets too, by read and write: close what is not
needed. Where something is (\`newfstatat\` and \`statx\` with AT_EMPTY_PATH, by which C libraries ask about descriptors) can be
asked of any path, since a filter does not see names. Memory and time are for \`rlimits\` to bound.

It decides the native ABI alone. \`io_uring\` and \`clone3\` answer ENOSYS. It does not look at capabilities.`,
      after: `## What it was made from

The calls that Node 20, 22, 24 and 26 make after start-up for computing, crypto, zlib, timers, worker_threads and standard
streams (\`scripts/record-node-syscalls.mjs\`, strace, x86_64), those of static C programs, and reading for other CPUs.
\`test/integration/node-profiles.test.ts\` runs both kinds.`,
    },
  ],
]);
