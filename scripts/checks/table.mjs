/** The checks of a change: those of the gate, in their order, and the others. */

const TOOLS = [
  ...['python3', 'make', 'g++', 'git', 'util-linux', 'libseccomp-dev', 'python3-seccomp', 'linux-libc-dev', 'systemd'],
  ...['gcc-multilib', 'strace', 'patchelf', 'crun', 'runc', 'imagemagick', 'bubblewrap', 'curl', 'sqlite3'],
];
const NATIVE_TOOLS = ['cmake', 'ninja-build', 'clang-format-19', 'clang-tidy-19'];
const PROGRAMS = [
  ...['nginx-light', 'redis-server', 'postgresql', 'ffmpeg', 'busybox', 'openssh-client', 'openssl', 'golang-go'],
  ...['default-jdk-headless', 'chromium', 'firejail', 'qemu-system-x86'],
];

const ADDON = ['native', 'binding.gyp', 'CMakeLists.txt', 'package.json', 'package-lock.json'];
/** What a start of a program depends on, and its tests. */
const STARTS = [...ADDON, 'lib', 'test', 'examples', 'vitest.config.ts', 'scripts', 'Dockerfile.test', '.dockerignore'];
/** All tests, for checks that read their files. */
const ALL_TESTS = ['test', 'test/extended'];
const PURE = ['lib', 'test', 'vitest.config.ts', 'package-lock.json'];

/** What starts programs and receives their calls. */
const SUPERVISION = ['test/notify', 'test/agent', 'test/record', 'test/reliability'];
/** What is built with clang, too. */
const CLANG = ['test/native.test.ts', 'test/launcher.test.ts', 'test/sandbox/fork.test.ts', ...SUPERVISION];
/** Real programs. */
const REAL = ['programs', 'paths-programs', 'recorded', 'attached-filters'].map(
  (name) => `test/extended/${name}.test.ts`,
);

/** @type {readonly import('./table.d.mts').Check[]} */
export const CHECKS = [
  // Installs the package, which the others need.
  {
    name: 'start',
    title: '`npm install && npx … run`: a real program under docker-default',
    gate: true,
    packages: TOOLS,
    run: 'run_first',
  },
  // Installs the linters, which a test of the release uses.
  { name: 'lint', title: 'Biome', gate: true, run: 'npm run --silent lint -- code', tests: ALL_TESTS },
  {
    name: 'test',
    title: '`npm install && npm test`: the suite, with the unit tests of the addon',
    gate: true,
    packages: TOOLS,
    run: 'install_kernel_headers && npm run --silent libraries && run_tests',
  },
  { name: 'types', title: 'TypeScript', gate: true, run: 'npm run --silent types', tests: ALL_TESTS },
  {
    name: 'prose',
    title: 'textlint',
    gate: true,
    run: 'npm run --silent lint -- prose',
    files: ['*.md', 'scripts/linters', 'scripts/checks/lint.sh'],
  },
  {
    name: 'shell',
    title: 'shellcheck',
    gate: true,
    packages: ['shellcheck'],
    run: 'npm run --silent lint -- shell',
    files: ['*.sh', '.ci/run'],
  },
  {
    name: 'package-lint',
    title: 'knip, publint, attw and actionlint',
    gate: true,
    run: 'npm run --silent lint -- package',
    tests: ALL_TESTS,
  },
  {
    name: 'docs',
    title: 'every code block of docs/; the suite has those of README.md',
    gate: true,
    packages: TOOLS,
    run: 'npm run --silent libraries && npx vitest run test/slow/blocks.test.ts',
    files: [...STARTS, 'docs'],
    tests: ['test/slow/blocks.test.ts'],
  },
  {
    name: 'native-style',
    title: 'clang-format; clang-tidy without its static analyzer, its checks of style and the unit tests',
    gate: true,
    packages: NATIVE_TOOLS,
    run: "TIDY_CHECKS='-clang-analyzer-*,-google-*,-modernize-*,-portability-*,-readability-*' npm run --silent lint -- native",
    files: [...ADDON, '.clang-tidy', '.clang-format', 'scripts/checks/lint.sh'],
  },
  {
    name: 'prebuilt-x64',
    title: 'the prebuilt addon for x64: what it needs of a system; loaded here and in a process with musl',
    gate: true,
    packages: ['musl-tools', 'qemu-user'],
    run: 'scripts/build/prebuild.sh x64 && npx vitest run test/package/prebuilt.test.ts',
    files: [...ADDON, 'lib', 'scripts/build', 'scripts/checks/functions.sh', 'vitest.config.ts', 'test'],
    tests: ['test/package'],
  },
  {
    name: 'asan',
    title: 'an addon built with ASan and UBSan: what starts programs and receives their calls',
    gate: true,
    packages: [...TOOLS, ...NATIVE_TOOLS],
    run: `npm run --silent test:sanitized -- test/native.test.ts ${SUPERVISION.join(' ')}`,
    files: STARTS,
    tests: ['test/native', 'test/native.test.ts', ...SUPERVISION],
  },
  {
    name: 'docker',
    title:
      'containers of Docker, on Node 24: as root and as a user without capabilities, with the engine’s filter and without, in a read-only root, with no_new_privs; the engine’s decisions compared with this package’s',
    gate: true,
    run: 'ENGINE=docker WHOLE_SUITE= scripts/containers/matrix.sh',
    files: STARTS,
  },
  {
    name: 'kernel-6.1',
    title:
      'Linux 6.1 with x32 under qemu-system: the kernel, the interpreter and the evaluator agree; the addon, Landlock, limits',
    gate: true,
    run: 'SECCOMP_TEST_MACHINES=amd64-6.1 scripts/checks/arch-test.sh test/arch --exclude test/arch/denials-log.test.ts --exclude test/arch/untrusted.test.ts',
    files: STARTS,
    tests: ['test/arch'],
  },
  {
    name: 'node-26',
    title: 'Node 26 with the prebuilt addon, in a new clone: what starts programs and receives their calls',
    gate: true,
    run: 'scripts/build/prebuild.sh --changed x64 && addon=$PWD/out/prebuilds/linux-x64 processes_on_node 26 adversary docs examples users',
    files: STARTS,
  },
  {
    name: 'suite',
    title: 'the suite, with another seed for its random inputs',
    packages: [...TOOLS, 'ffmpeg', 'firejail'],
    run: 'npm run --silent libraries && npm run --silent build && npm test',
  },
  {
    name: 'slow',
    title: 'test/slow: everything that the suite only samples',
    packages: TOOLS,
    // `docs` has the blocks.
    run: 'npm run --silent libraries && npm run --silent test:slow -- --exclude test/slow/blocks.test.ts',
    tests: ['test/slow'],
  },
  {
    name: 'programs',
    title:
      'real programs under docker-default, under recorded profiles and under paths; the filters that they attach themselves',
    packages: [...TOOLS, ...PROGRAMS],
    run: `npm run --silent build && npx vitest run ${REAL.join(' ')}`,
    files: STARTS,
    tests: REAL,
  },
  {
    name: 'tables',
    title:
      'the syscall tables, compared with the newest kernel headers and the newest libseccomp that Debian has; again after a week',
    packages: TOOLS,
    days: 7,
    run: 'scripts/checks/newest-tables.sh',
    files: ['lib/syscalls', 'scripts/generate', 'scripts/checks/*.sh', 'test/support', 'bench/libseccomp-filter.c'],
    tests: ['test/extended/newest-tables.test.ts'],
  },
  {
    name: 'libraries',
    title: 'libraries of npm that start processes or threads: zx, tinypool, jest-worker and Piscina',
    packages: ['procps'],
    run: 'npm run --silent build && npx vitest run test/extended/libraries.test.ts',
    files: STARTS,
    tests: ['test/extended/libraries.test.ts'],
  },
  {
    name: 'node-tests',
    title:
      'Node’s own tests of child_process through a Sandbox, and of cluster under seccomp/register, of Node 20 and of Debian’s newest; test/extended/node-tests/exceptions.mjs lists those that fail on purpose',
    packages: ['xz-utils', 'procps'],
    run: 'npm run --silent build && node scripts/checks/node-tests.mjs',
    files: STARTS,
    tests: [],
  },
  {
    name: 'coverage',
    title: 'the lines of lib/ and native/ that the suite runs: at least 95 %',
    packages: [...TOOLS, 'cmake'],
    run: 'npm run --silent libraries && npm run --silent coverage',
    files: STARTS,
  },
  {
    name: 'sanitized',
    title: 'an addon built with ASan and UBSan: all that uses the addon',
    packages: [...TOOLS, ...NATIVE_TOOLS],
    run: 'npm run --silent test:sanitized',
    files: STARTS,
  },
  {
    name: 'threads',
    title:
      'an addon built with TSan: all that uses the addon. Children are not instrumented: they run in their parent’s memory',
    packages: [...TOOLS, ...NATIVE_TOOLS],
    repeats: true,
    run: 'SANITIZE=thread npm run --silent test:sanitized',
    files: STARTS,
  },
  {
    name: 'native-lint',
    title: 'clang-tidy with its static analyzer and checks of style, the unit tests too',
    packages: NATIVE_TOOLS,
    run: 'TIDY_FILES=native/ npm run --silent lint -- native',
    files: [...ADDON, '.clang-tidy', '.clang-format', 'scripts/checks/lint.sh'],
  },
  {
    name: 'clang',
    title: 'the addon built with clang, whose destructors and symbols differ from those of g++',
    packages: [...TOOLS, 'clang-19'],
    run: `with_clang ${CLANG.join(' ')}`,
    files: STARTS,
    tests: CLANG,
  },
  {
    name: 'starts',
    title: '50,000 starts, of which many fail: the use of memory does not grow',
    run: 'npm run --silent build && npx vitest run test/extended/starts.test.ts',
    files: STARTS,
    tests: ['test/extended/starts.test.ts'],
  },
  {
    name: 'faults',
    title: 'each system call of a start fails with each of several errors; the suite has one error',
    packages: TOOLS,
    run: 'npm run --silent build && npx vitest run test/extended/faults.test.ts',
    files: STARTS,
    tests: ['test/extended/faults.test.ts'],
  },
  {
    name: 'deaths',
    title:
      'processes killed, aborted and crashed at 1,200 random moments while they start trees: nothing of a tree is left; the suite has 6',
    packages: TOOLS,
    run: 'npm run --silent build && npx vitest run test/extended/deaths.test.ts',
    files: STARTS,
    tests: ['test/extended/deaths.test.ts'],
  },
  {
    name: 'trees',
    title:
      '10,000 process trees that are ended one after another in many ways: nothing is left, no other process is harmed; the suite has 28',
    packages: TOOLS,
    run: 'npm run --silent build && npx vitest run test/extended/trees.test.ts',
    files: STARTS,
    tests: ['test/extended/trees.test.ts'],
  },
  {
    name: 'kills',
    title: 'supervised children killed at random for a minute',
    run: 'npm run --silent build && SECCOMP_TEST_KILL_CHILDREN=2000 npx vitest run test/extended/kills.test.ts',
    files: STARTS,
    tests: ['test/extended/kills.test.ts'],
  },
  {
    name: 'fuzz',
    title: 'random and damaged documents for a minute',
    packages: TOOLS,
    run: 'SECCOMP_TEST_FUZZ_DOCUMENTS=2000 npx vitest run test/fuzz',
    files: PURE,
    tests: ['test/fuzz'],
  },
  {
    name: 'accesses',
    title:
      '100,000 random accesses to files: the predictions of lib/landlock/ and the kernel’s decisions; the suite has 1,500',
    run: 'SECCOMP_TEST_ACCESSES=100000 npx vitest run test/landlock/prediction.test.ts',
    files: STARTS,
    tests: ['test/landlock/prediction.test.ts'],
  },
  {
    name: 'intricate',
    title: '4,000 random profiles with many argument conditions: compiled and proven; the suite has 6',
    run: 'npx vitest run test/extended/intricate.test.ts',
    files: PURE,
    tests: ['test/extended/intricate.test.ts'],
  },
  {
    name: 'pollution',
    title: 'each of two hundred properties on Object.prototype by itself; the suite has all of them at once',
    run: 'npm run --silent build && npx vitest run test/extended/pollution.test.ts',
    files: STARTS,
    tests: ['test/extended/pollution.test.ts'],
  },
  {
    name: 'musl',
    title: 'C programs linked with musl; `package` has Node on musl, as Alpine has it',
    packages: [...TOOLS, 'musl-tools'],
    run: 'npm run --silent build && test_musl',
    files: STARTS,
  },
  {
    name: 'containers',
    title: 'the suite in containers of Docker and Podman, on Node 20 to 26 and Debian’s own; a corpus of profiles',
    packages: ['podman', 'mmdebstrap'],
    repeats: true,
    run: 'FULL=1 scripts/containers/matrix.sh',
  },
  {
    name: 'prebuilt',
    title: 'the prebuilt addons for x64, arm64 and riscv64; the same bytes from another directory',
    packages: ['musl-tools', 'qemu-user'],
    run: 'prebuilds_twice',
    files: [...ADDON, 'lib', 'scripts/build', 'scripts/checks/functions.sh', 'vitest.config.ts', 'test'],
    tests: ['test/package'],
  },
  {
    name: 'kernels',
    title: 'kernels of x86_64 from Linux 5.10 to the newest, arm64 and riscv64; limits under systemd and in Podman',
    repeats: true,
    run: 'scripts/checks/arch-test.sh',
    files: STARTS,
    tests: ['test/arch'],
  },
  {
    name: 'bare',
    title:
      'both of these commands as an ordinary user in a new minimal Debian: only the packages that this page names, Debian’s Node and npm',
    repeats: true,
    run: 'scripts/checks/bare-debian.sh',
  },
  {
    name: 'nodes',
    title: 'both of these commands in a new clone under Node 20.19.0, 22, 24 and 26',
    repeats: true,
    run: 'on_nodes 20.19.0 22 24 26',
  },
  {
    name: 'package',
    title:
      'a dry run of the release; its tarball with npm, pnpm, yarn and Bun, in Node 20 to 26, Node on musl, Bun and Deno, in TypeScript, and in bundles; how long its install takes',
    run: 'scripts/build/prebuild.sh --changed && npm run --silent release -- --dry-run && npm run --silent test:package',
  },
  {
    name: 'benchmarks',
    title: 'benchmarks with few rounds, to check that they work; `npm run bench -- filter` and its siblings measure',
    packages: [...TOOLS, 'firejail'],
    run: 'npm run --silent build && run_benchmarks',
    files: [...STARTS, 'bench'],
    tests: [],
  },
  {
    name: 'mutants',
    title:
      '[mutants](test/README.md#mutants): small changes of lib/ and native/, of which the tests notice 92 % in each folder; resumes where it was stopped',
    named: true,
    packages: TOOLS,
    run: 'npm run --silent libraries && npm run --silent mutants -- run --suite',
  },
];
