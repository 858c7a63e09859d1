#!/usr/bin/env bash
# check-all.sh [NAME…]: runs the named checks, or all but `mutants`, that the gate (.ci/run) leaves out; `npm run check:all`.
# `--list` prints the names. Random inputs differ in each run; SECCOMP_TEST_SEED repeats those of a previous run.
# The last line is `N passed, N failed`. The failures are listed above it.
cd "$(dirname "$0")/.." || exit
# shellcheck source=scripts/checks.sh
. scripts/checks.sh

# The name and title of each check. The function check_NAME, with _ instead of -, runs it.
titles="
suite        the whole suite, with random inputs that differ from the gate's
slow         what the suite has only a sample of
mutants      small changes of lib/ and native/, which tests must notice; goes on where it was ended
programs     real programs: under docker-default, recorded profiles and paths, and the filters that they attach themselves
libraries    libraries of npm that start processes or threads
node-tests   Node's own tests of child_process and cluster, of Node 20 and of the newest line in Debian
coverage     how many lines of lib/ and native/ the suite runs: 95 % at least
sanitized    the suite on an addon built with ASan and UBSan
threads      the suite on an addon built with TSan
native-lint  clang-tidy with its static analyzer over all of native/, also the unit tests
clang        the addon built with clang
starts       50,000 starts, of which many fail
faults       each system call of a start fails with several errors in turn
deaths       processes killed, aborted and crashed at 1,200 random moments while they start trees
trees        10,000 process trees that are ended one after another, by each user and as the init of a PID namespace
kills        a minute of supervised children killed at random
fuzz         a minute of random and damaged documents
accesses     100,000 random accesses to files in random Landlock domains
intricate    4,000 random profiles with many argument conditions
pollution    each of two hundred properties on Object.prototype by itself
musl         C programs linked with musl
containers   the suite in containers of Docker and podman, on Node 20 to 26 and Debian's own
prebuilt     all prebuilt addons, the same bytes from another directory
kernels      x86_64 kernels of Linux 5.10, 6.1, 6.12 and the newest of Debian, and arm64 and riscv64 ones
bare         CONTRIBUTING.md's commands in a minimal Debian with only the packages that it names
nodes        CONTRIBUTING.md's commands under Node 20.19.0, 22, 24 and 26
package      a dry run of the release, and its tarball with each package manager, runtime and bundler
benchmarks   each benchmark with few rounds
"

names() { echo "$titles" | awk 'NF { print $1 }'; }
title_of() { echo "$titles" | sed -n "s/^$1  *//p"; }

basic="python3 make g++ git util-linux libseccomp-dev python3-seccomp linux-libc-dev systemd gcc-multilib strace patchelf crun runc"
programs="curl nginx-light redis-server postgresql ffmpeg busybox openssh-client openssl imagemagick sqlite3 golang-go default-jdk-headless chromium firejail qemu-system-x86"

# Each word of a list is a package.
# shellcheck disable=SC2086
{
  check_suite() { install $basic imagemagick ffmpeg bubblewrap firejail && npm run --silent libraries && npm run --silent build && npm test; }
  check_slow() { install $basic && npm run --silent libraries && npm run --silent test:slow; }
  check_mutants() { install $basic && npm run --silent libraries && npm run --silent mutants -- run --suite; }
  check_programs() { install $basic $programs && npm run --silent build && npx vitest run test/extended/{programs,paths-programs,recorded,attached-filters}.test.ts; }
  check_libraries() { install procps && npm run --silent build && npx vitest run test/extended/libraries.test.ts; }
  check_node_tests() { install xz-utils procps && npm run --silent build && node scripts/node-tests.mjs; }
  check_coverage() { install $basic cmake && npm run --silent libraries && npm run --silent coverage; }
  check_sanitized() { install $basic cmake ninja-build && npm run --silent test:sanitized; }
  check_threads() { install $basic cmake ninja-build && npm run --silent test:threads; }
  check_native_lint() {
    install cmake ninja-build clang-format-19 clang-tidy-19 && TIDY_FILES=native/ npm run --silent lint:native
  }
  check_starts() { npm run --silent build && npx vitest run test/extended/starts.test.ts; }
  check_faults() { install $basic && npm run --silent build && npx vitest run test/extended/faults.test.ts; }
  check_deaths() { install $basic && npm run --silent build && npx vitest run test/extended/deaths.test.ts; }
  check_trees() { install $basic && npm run --silent build && npx vitest run test/extended/trees.test.ts; }
  check_kills() { npm run --silent build && SECCOMP_TEST_KILL_CHILDREN=2000 npx vitest run test/extended/kills.test.ts; }
  check_fuzz() { install $basic && SECCOMP_TEST_FUZZ_DOCUMENTS=2000 npx vitest run test/fuzz; }
  check_accesses() { SECCOMP_TEST_ACCESSES=100000 npx vitest run test/landlock/prediction.test.ts; }
  check_intricate() { npx vitest run test/extended/intricate.test.ts; }
  check_pollution() { npm run --silent build && npx vitest run test/extended/pollution.test.ts; }
  check_musl() { install $basic musl-tools && npm run --silent build && npm run --silent test:musl; }
  check_prebuilt() {
    local directory status
    install musl-tools qemu-user && scripts/prebuild.sh && npx vitest run test/package/prebuilt.test.ts || return
    directory=$(mktemp -d)
    git clone --quiet . "$directory/elsewhere" && ln -s "$PWD/node_modules" "$directory/elsewhere/node_modules" &&
      "$directory/elsewhere/scripts/prebuild.sh" && diff --recursive out/prebuilds "$directory/elsewhere/out/prebuilds"
    status=$?
    rm -rf "$directory"
    return $status
  }
  check_containers() { install podman mmdebstrap && FULL=1 npm run --silent test:container; }
  check_bare() { scripts/bare-debian.sh; }
  check_kernels() { npm run --silent test:arch; }
  check_package() { npm run --silent release -- --dry-run && npm run --silent test:package; }
  check_benchmarks() {
    install $basic bubblewrap firejail && npm run --silent build &&
      npm run --silent bench:filter -- --rounds 2 --only docker-default &&
      npm run --silent bench:record -- --rounds 3 &&
      npm run --silent bench:supervisor -- --rounds 5 &&
      npm run --silent bench:landlock -- --rounds 8 &&
      npm run --silent bench:hostile-trees -- --rounds 1 &&
      npm run --silent bench:tree -- --rounds 8 &&
      npm run --silent bench:limits -- --rounds 2 &&
      npm run --silent bench:spawn -- --rounds 8
  }
}
check_clang() {
  local directory status
  # shellcheck disable=SC2086
  install $basic clang-19 || return
  directory=$(mktemp -d)
  chmod 755 "$directory"
  git clone --quiet . "$directory" &&
    (cd "$directory" && export CXX=clang++-19 && npm install --silent && npx vitest run test/native.test.ts test/launcher.test.ts test/sandbox/fork.test.ts test/reliability test/notify test/agent test/record)
  status=$?
  rm -rf "$directory"
  return $status
}
# The counts of passed and failed tests are sums over the versions of Node.
check_nodes() {
  local version bad=0
  for version in 20.19.0 22 24 26; do on_node "$version" || bad=1; done
  return $bad
}

if [ "${1:-}" = --list ]; then
  echo "$titles" | sed '/^$/d'
  exit
fi

# shellcheck disable=SC2046
[ $# != 0 ] || set -- $(names | grep -vx mutants)
for name; do
  names | grep -qxF -- "$name" || {
    echo "check-all.sh: there is no check \"$name\": \`npm run check:all -- --list\` prints the names" >&2
    exit 2
  }
done

export SECCOMP_TEST_SEED="${SECCOMP_TEST_SEED:-$(date +%s)}"
echo "SECCOMP_TEST_SEED=$SECCOMP_TEST_SEED"
total_checks=$#
for name; do check "$name: $(title_of "$name")" "check_${name//-/_}"; done

finish_checks
