#!/bin/sh
# sanitized-suite.sh [VITEST ARGUMENTS]: the unit tests and vitest's that use the addon, which is under AddressSanitizer
# and UndefinedBehaviorSanitizer, in a copy of the checkout; `npm run test:sanitized`.
#
# The runtime must be in a process before the addon is. LD_PRELOAD would put it into every program that a test starts
# too, and under their filters it can't work; so Node itself is copied and made to need it, and nothing is inherited.
# Leaks are not looked for in Node, which frees little of its own at the end; the unit tests look for them.
# SECCOMP_TEST_SPAWNS: fewer than usual, as freed memory is kept for a while, to find what uses it.
set -eu
cd "$(dirname "$0")/../.."

fail() {
  echo "sanitized-suite.sh: $1" >&2
  exit 1
}

for tool in cmake ctest patchelf; do
  command -v "$tool" >/dev/null || fail "needs cmake and patchelf: apt-get install cmake patchelf"
done
compiler=${CXX:-g++}
# What the compiler names is a link, or a text for the linker: the loader wants the file's own name.
runtime=$(basename "$(realpath "$("$compiler" -print-file-name=libasan.so)")")
major=${runtime#libasan.so.}
runtime=libasan.so.${major%%.*}
[ "$runtime" != libasan.so. ] || fail "$compiler has no libasan: install its package, or set CXX to GCC"

cmake -S . -B build-cmake/sanitized -DSANITIZE=address,undefined -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
cmake --build build-cmake/sanitized --parallel 2
ctest --test-dir build-cmake/sanitized --output-on-failure

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 129' HUP INT TERM
for entry in * .[!.]*; do
  case $entry in
    .git | build* | coverage | dist | node_modules) ;;
    *) cp -a "$entry" "$copy/" ;;
  esac
done
ln -s "$PWD/node_modules" "$copy/node_modules"
mkdir -p "$copy/build/Release" "$copy/bin"
cp build-cmake/sanitized/RelWithDebInfo/seccomp.node "$copy/build/Release/"
cp -L "$(command -v node)" "$copy/bin/node"
# Options are a part of this Node too, for tests that start it with an environment of their own. The runtime wants to be
# the first library, and knows itself by this name. Without detect_stack_use_after_return=0 it would keep the child's
# frames elsewhere than on the child's stack, and with them a gate value that the addon can't wipe.
options=$copy/bin/libasan.so.options
echo 'const char* __asan_default_options(void) { return "detect_leaks=0:detect_stack_use_after_return=0:quarantine_size_mb=8"; }' |
  "$compiler" -shared -fPIC -x c - -o "$options"
patchelf --add-needed "$runtime" "$copy/bin/node"
patchelf --add-needed "$options" "$copy/bin/node"
# Tests that drop root's privileges read what is here.
chmod 755 "$copy"

cd "$copy"
export PATH="$copy/bin:$PATH"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
export SECCOMP_TEST_SPAWNS="${SECCOMP_TEST_SPAWNS:-200}"
npm run --silent build:ts
node --eval "
  require('./build/Release/seccomp.node');
  if (!require('fs').readFileSync('/proc/self/maps', 'utf8').includes('libasan')) throw new Error('no AddressSanitizer here');"
# What has to do with the addon. Probers' children live on under filters that deny what the runtime needs (mmap, and
# exit_group to give up); what real programs do is no part of it.
if [ $# = 0 ]; then
  set -- test/native.test.ts test/sandbox test/cli test/kernel test/compat test/reliability test/supervisor \
    test/integration/examples.test.ts
fi
node node_modules/vitest/vitest.mjs run "$@"
