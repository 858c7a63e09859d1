#!/bin/sh
# sanitized-suite.sh [VITEST ARGUMENTS]: the unit tests and vitest's that use the addon, which is under AddressSanitizer
# and UndefinedBehaviorSanitizer, in a copy of the checkout; `npm run test:sanitized`. With SANITIZE=thread under
# ThreadSanitizer; `npm run test:threads`.
#
# The runtime must be in a process before the addon is. LD_PRELOAD would put it into every program that a test starts
# too, and under their filters it can't work; so Node itself is copied and made to need it, and nothing is inherited.
# Leaks are not looked for in Node, which frees little of its own at the end; the unit tests look for them. Node's own code
# is not instrumented: ThreadSanitizer sees its locks, and what races in the addon.
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
sanitize=${SANITIZE:-address,undefined}
case $sanitize in
  thread) library=tsan options="halt_on_error=1:ignore_noninstrumented_modules=1" ;;
  # Without detect_stack_use_after_return=0 it would keep the child's frames elsewhere than on the child's stack, and with
  # them a gate value that the addon can't wipe.
  *) library=asan options="detect_leaks=0:detect_stack_use_after_return=0:quarantine_size_mb=8" ;;
esac
build=build-cmake/$library
# What the compiler names is a link, or a text for the linker: the loader wants the file's own name.
runtime=$(basename "$(realpath "$("$compiler" -print-file-name=lib$library.so)")")
major=${runtime#"lib$library.so."}
runtime=lib$library.so.${major%%.*}
[ "$runtime" != "lib$library.so." ] || fail "$compiler has no lib$library: install its package, or set CXX to GCC"

cmake -S . -B "$build" -DSANITIZE="$sanitize" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
cmake --build "$build" --parallel 2
ctest --test-dir "$build" --output-on-failure

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
cp "$build/RelWithDebInfo/seccomp.node" "$build/RelWithDebInfo/seccomp-launch" "$copy/build/Release/"
cp -L "$(command -v node)" "$copy/bin/node"
# Options are a part of this Node too, for tests that start it with an environment of their own. The runtime wants to be
# the first library, and knows itself by this name.
defaults=$copy/bin/lib$library.so.options
# Node's inspector leaves its thread to the end of the process.
"$compiler" -shared -fPIC -x c - -o "$defaults" <<EOF
const char* __${library}_default_options(void) { return "$options"; }
const char* __tsan_default_suppressions(void) { return "thread:uv_thread_create_ex"; }
EOF
patchelf --add-needed "$runtime" "$copy/bin/node"
patchelf --add-needed "$defaults" "$copy/bin/node"
# Tests that drop root's privileges read what is here.
chmod 755 "$copy"

cd "$copy"
export PATH="$copy/bin:$PATH"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
npm run --silent build:ts
node --eval "
  require('./build/Release/seccomp.node');
  if (!require('fs').readFileSync('/proc/self/maps', 'utf8').includes('$runtime')) throw new Error('no $runtime here');"
# What has to do with the addon. Probers' children live on under filters that deny what the runtime needs (mmap, and
# exit_group to give up); what real programs do is no part of it.
if [ $# = 0 ]; then
  set -- test/native.test.ts test/sandbox test/cli test/kernel test/compat test/reliability test/notify test/agent test/record \
    test/integration/examples.test.ts
fi
set -- node node_modules/vitest/vitest.mjs run "$@"
# ThreadSanitizer's records have fixed addresses.
if [ "$library" = tsan ]; then set -- setarch --addr-no-randomize "$@"; fi
"$@"
