#!/bin/sh
# coverage/run.sh [--write] [VITEST ARGUMENTS]: measures which lines of lib/ and native/ the tests run; `npm run coverage`. Prints both
# for each folder, and the lines that no test runs; fails if less than 95 % of lib/ or of native/ is run. With --write it puts
# the table into test/README.md. It runs in a copy of the checkout, with an addon that counts the executions of each line.
#
# What is measured:
# - lib/ in the processes of Vitest, and dist/ in each Node that a test starts: by V8 itself, and mapped back to lib/.
# - native/ in the same processes, and in the unit tests, by GCC's gcov. A child between clone(2) and execve(2) shares its
#   parent's memory, so it counts its lines in the parent's counters, which are written when the parent ends.
# What is not: a process writes its counts when it ends. One that a signal kills, that becomes another program by execve(2), as
# `seccomp run` does, or whose profile denies the opening of files, writes none. Neither does the launcher, which is linked with
# no library: unit tests run the files of native/guardian that it consists of. native/prebuild is in the prebuilt addons only.
#
# A test that fails here only does so since the instruments make system calls and write messages of their own: the check `suite`
# tells whether tests pass.
set -eu
cd "$(dirname "$0")/../.."

write=
if [ "${1:-}" = --write ]; then
  write=--write
  shift
fi
command -v cmake >/dev/null || {
  echo "coverage/run.sh: needs cmake: apt-get install cmake" >&2
  exit 1
}
npx tsx scripts/pinned.ts scripts/coverage

build=$PWD/build-cmake/coverage
cmake -S . -B "$build" -DCOVERAGE=ON -DCMAKE_BUILD_TYPE=Debug >/dev/null
cmake --build "$build" --parallel 2
find "$build" -name '*.gcda' -delete

# Some unit tests change their user. The kernel must let that user add counts to files which root created: each test program
# creates its files here, before the tests run. Without the name of a test it only exits with status 2.
for program in "$build"/*_test; do
  "$program" >/dev/null || [ $? = 2 ]
done
let_all_users_write_counts() {
  find "$build" -name '*.gcda' -exec chmod a+rw {} +
  find "$build" -type d -exec chmod a+rwx {} +
}
let_all_users_write_counts
ctest --test-dir "$build" --output-on-failure
if grep -q '^profiling:.*:Cannot open' "$build/Testing/Temporary/LastTest.log"; then
  echo "coverage/run.sh: a unit test that changes its user could not write its counts in $build: let all users reach this directory" >&2
  exit 1
fi

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 129' HUP INT TERM
for entry in * .[!.]*; do
  case $entry in
    .git | build* | dist | node_modules | out) ;;
    *) cp -a "$entry" "$copy/" ;;
  esac
done
# Vitest looks for its coverage package beside itself.
mkdir -p "$copy/build/Release" "$copy/node_modules"
for entry in node_modules/* node_modules/.[!.]*; do
  if [ "$entry" = node_modules/.cache ]; then ln -s "$PWD/$entry" "$copy/$entry"; else cp -a "$entry" "$copy/node_modules/"; fi
done
cp -a --update=none node_modules/.cache/seccomp-coverage/node_modules/. "$copy/node_modules/"
cp "$build/Debug/seccomp.node" "$build/Debug/seccomp-launch" "$copy/build/Release/"

# Tests that change their user write counts too.
children=$(mktemp -d)
trap 'rm -rf "$copy" "$children"' EXIT
chmod 755 "$copy"
chmod 1777 "$children"
(cd "$copy" && node scripts/build/dist.mjs)
node --eval "require('$copy/build/Release/seccomp.node')"
let_all_users_write_counts

# CTest has run the unit tests.
[ $# != 0 ] || set -- --exclude 'test/extended/**' --exclude 'test/slow/**' --exclude test/native/units.test.ts
status=0
(cd "$copy" && unset SECCOMP_TEST_RESULTS && SECCOMP_COVERAGE_OF_CHILDREN=$children node node_modules/vitest/vitest.mjs run --config scripts/coverage/vitest.config.ts "$@") ||
  status=$?
[ $status = 0 ] || echo "coverage/run.sh: tests failed under the instruments; what they ran is counted"
npx tsx scripts/coverage/report.ts "$copy" "$children" "$build" $write
