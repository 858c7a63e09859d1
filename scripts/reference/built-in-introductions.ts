/** The introduction to each built-in profile's page in docs/: its purpose and its limits. */

/** Text that the pages of the profiles for Node share. */
const FOR_NODE = `The profile covers the native ABI alone, because Node uses no other. A program that makes calls of another ABI (32-bit x86
on x86_64) is killed. Capabilities make no difference. \`io_uring\` and \`clone3\` fail with ENOSYS, so that Node and C
libraries use older calls. Namespaces, mounts, debuggers, BPF programs and keyrings are denied, and so is TIOCSTI, which inserts
input into a terminal.

Profiles can be combined: \`['node-no-network', 'node-no-exec']\` denies both the network and other programs.`;

const RECORDED = `## How it was made

\`scripts/record-node-syscalls.mjs\` ran each file of \`test/support/node-work/\` under strace, on Node 20.20.2, 22.23.3, 24.21.0
and 26.10.0, x86_64, Linux 6.18, Debian 13 (glibc 2.41): http, http2 and fetch, fs with callbacks, promises and synchronous calls, worker_threads,
crypto, zlib, dns, Unix and TCP sockets, dgram, child_process, cluster, os and process, inspector, node:test, WASI; esbuild
0.28, sharp 0.35, better-sqlite3 13; and git, sh and python3 as programs that Node starts. The calls of
other CPUs and C libraries, and older forms of the same calls, were added from their sources. \`test/integration/node-profiles.test.ts\`
runs the same files under the profile, and lists which of them work and how the others fail.`;

export interface Introduction {
  readonly before: string;
  /** Text below the tables. */
  readonly after?: string;
}

export const INTRODUCTIONS: ReadonlyMap<string, Introduction> = new Map([
  [
    'docker-default',
    {
      before: `Docker's default profile for containers. It allows the syscalls that most programs make. It denies those that affect the
whole machine or other containers, and those that expose kernel code which few programs need.

Browsers' own sandboxes use namespaces, which the profile denies. Chromium exits with \`No usable sandbox\` and needs
\`--no-sandbox\`, as in Docker. The profile then protects the kernel from a web page, but nothing separates web pages from each other.`,
    },
  ],
  [
    'podman-default',
    {
      before: `The default profile of Podman and CRI-O for containers. It also allows calls for which the kernel's own checks suffice, such
as those for namespaces and mounts, so that containers can run inside containers. Calls that it does not list fail with
ENOSYS, as on an older kernel, so that programs fall back to other calls.

Chromium's own sandbox works under it if the process has CAP_SYS_CHROOT, as in a container that Podman starts.`,
    },
  ],
  [
    'node',
    {
      before: `For a Node program that may use files and the network and start programs. The programs that it starts are under the same
profile: sh, git, python3, compilers and similar programs work; sudo, ping, debuggers, container engines and browsers' own sandboxes do not.

The allowed sockets are Unix sockets (\`AF_UNIX\`), internet sockets, and netlink for the list of interfaces. System V and POSIX
queues and shared memory, which Node cannot create, are denied, so PostgreSQL's server does not start under the profile.

${FOR_NODE}`,
      after: RECORDED,
    },
  ],
  [
    'node-no-network',
    {
      before: `\`node\` without sockets: the program cannot create, connect, bind or listen on a socket of any family, so it reaches neither
the internet nor services on this machine (\`/var/run/docker.sock\`, D-Bus, a resolver). A server's \`listen\`, \`fetch\` and
\`net.connect\` fail with EPERM. Child processes, their pipes and IPC work, because they use pairs of connected stream sockets.

**What it does not prevent**: a socket that the program inherited, or received over IPC (as cluster workers do from their primary), can
still send and receive. The program can still write files that other programs read.

${FOR_NODE}`,
      after: RECORDED,
    },
  ],
  [
    'node-no-exec',
    {
      before: `\`node\` without other programs: the program can start threads, but no processes. \`child_process.spawn\`, \`exec\` and \`fork\`
emit \`error\` with EACCES, and their synchronous forms throw it or return it; cluster fails likewise. worker_threads, the
thread pool and native addons work. The program itself starts in spite of the profile, through [the exec gate](exec-gate.md).

**What it does not prevent**: any code that runs in the process itself, including native code of addons. A program that can
connect to a service that starts programs (\`docker.sock\`, D-Bus, ssh) can also request that: add \`node-no-network\`.

${FOR_NODE}`,
      after: RECORDED,
    },
  ],
  [
    'compute',
    {
      before: `For a program that reads its input, computes, writes its output and exits. It cannot open a path, create a socket, start a
program or a process, or send a signal. It can use threads, timers and memory, and generate machine code.

**With \`spawn\`**, the profile is for static programs (\`cc -static\`, Go without cgo, Rust on musl), which start through the
exec gate. A dynamic program exits with status 127 and \`error while loading shared libraries: …: Operation not permitted\`, because its loader opens files:
link it statically. **A Node program** calls \`harden\` with the profile once it has loaded all files that it needs:

\`\`\`js
import { harden, spawn } from 'seccomp';

// In the parent: the profile node, so that Node does not create io_uring instances, which a later filter could not
// close.
spawn(process.execPath, ['worker.mjs'], 'node');

// In worker.mjs, after all imports:
harden('compute');
\`\`\`

After that, reading a file fails with EPERM, modules that are not loaded yet cannot be found, and programs cannot be started
(EPERM for their pipes, or EACCES without pipes). Files that Node opens on demand are missing: without \`TZ\`, times are in UTC
unless the time zone was read before, and \`os.cpus()\`, which reads \`/proc\`, returns an empty list. \`console.log\`, JSON, crypto,
zlib, WebAssembly and worker_threads with \`eval: true\` still work. \`process.abort()\` ends the process with a signal other than SIGABRT.

**What it does not prevent**: open descriptors, including sockets, can still be read and written, so close those that the
program does not need. On architectures and C libraries that query descriptors with \`newfstatat\` or \`statx\` and AT_EMPTY_PATH,
these calls can query any path as well, because a filter cannot read paths. Limit memory and CPU time with \`rlimits\`.

The profile covers the native ABI alone. \`io_uring\` and \`clone3\` fail with ENOSYS. Capabilities make no difference.`,
      after: `## How it was made

The profile allows the calls that Node 20, 22, 24 and 26 make after start-up for computing, crypto, zlib, timers,
worker_threads and standard streams (recorded with strace by \`scripts/record-node-syscalls.mjs\` on x86_64), and those of static
C programs. The calls of other CPUs were added from the sources. \`test/integration/node-profiles.test.ts\` runs both kinds of programs.`,
    },
  ],
]);
