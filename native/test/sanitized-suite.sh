#!/bin/sh
# sanitized-suite.sh [VITEST ARGUMENTS]: runs the unit tests, and the tests of vitest that use the addon, under
# AddressSanitizer and UndefinedBehaviorSanitizer, in a copy of the checkout; `npm run test:sanitized`. With
# SANITIZE=thread under ThreadSanitizer.
#
# The sanitizer's runtime must be loaded before the addon. LD_PRELOAD would load it into every program that a test starts,
# where it cannot work under the filters. So the script copies Node and makes the copy depend on the runtime.
# Only the unit tests are checked for leaks, since Node frees little of its memory when it ends. Node itself is not
# instrumented: ThreadSanitizer detects data races of the addon only, and intercepts Node's locks.
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
# Without disable_coredump=0, the runtime lowers the limit of core dumps, which tests compare.
case $sanitize in
  thread) library=tsan options="halt_on_error=1:ignore_noninstrumented_modules=1:disable_coredump=0" ;;
  # With detect_stack_use_after_return=1 the child's frames, and in them the gate value, would lie outside of its stack,
  # where the addon cannot wipe them.
  *) library=asan options="detect_leaks=0:detect_stack_use_after_return=0:quarantine_size_mb=8:disable_coredump=0" ;;
esac
build=build-cmake/$library
# The compiler prints the name of a link or of a linker script. The loader needs the name of the library itself.
runtime=$(basename "$(realpath "$("$compiler" -print-file-name=lib$library.so)")")
major=${runtime#"lib$library.so."}
runtime=lib$library.so.${major%%.*}
[ "$runtime" != "lib$library.so." ] || fail "$compiler has no lib$library: install its package, or set CXX to GCC"

cmake -S . -B "$build" -DSANITIZE="$sanitize" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
cmake --build "$build" --parallel 2
ctest --test-dir "$build" --output-on-failure

npx tsx scripts/build/changed.ts
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 129' HUP INT TERM
for entry in * .[!.]*; do
  case $entry in
    .git | build* | coverage | node_modules) ;;
    *) cp -a "$entry" "$copy/" ;;
  esac
done
ln -s "$PWD/node_modules" "$copy/node_modules"
mkdir -p "$copy/build/Release" "$copy/bin"
cp "$build/RelWithDebInfo/seccomp.node" "$build/RelWithDebInfo/seccomp-launch" "$copy/build/Release/"
cp -L "$(command -v node)" "$copy/bin/node"
# Options are linked into the copy of Node too, for tests that start it with another environment. The runtime must be the
# first library; it recognizes itself by this name. With the addon, where `paths` with `@node` finds it.
defaults=$copy/build/Release/lib$library.so.options
# The suppression: Node's inspector never joins its thread.
"$compiler" -shared -fPIC -x c - -o "$defaults" <<EOF
const char* __${library}_default_options(void) { return "$options"; }
const char* __tsan_default_suppressions(void) { return "thread:uv_thread_create_ex"; }
EOF
patchelf --add-needed "$runtime" "$copy/bin/node"
patchelf --add-needed "$defaults" "$copy/bin/node"
# Tests that change their user read files of the copy.
chmod 755 "$copy"

cd "$copy"
export PATH="$copy/bin:$PATH"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
node --eval "
  require('./build/Release/seccomp.node');
  if (!require('fs').readFileSync('/proc/self/maps', 'utf8').includes('$runtime')) throw new Error('no $runtime here');"
# By default, the tests that use the addon. Those of the prober are left out, as its filters deny calls that the runtime
# needs (mmap, and exit_group to abort), and those of real programs.
if [ $# = 0 ]; then
  set -- test/native.test.ts test/sandbox test/cli test/kernel test/compat test/reliability test/notify test/agent test/record \
    test/examples/programs.test.ts
fi
set -- node node_modules/vitest/vitest.mjs run "$@"
# ThreadSanitizer maps its records at fixed addresses.
if [ "$library" = tsan ]; then set -- setarch --addr-no-randomize "$@"; fi
"$@"
