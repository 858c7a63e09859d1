#!/bin/sh
# containers/test.sh: runs the suite in a container, and compares containers with and without the engine's own profile.
#
# Environment:
#   BASE_IMAGE     an official Node image with python3, make and g++, or debian-nodejs:SUITE for Debian's own Node;
#                  default: node:24-trixie
#   ENGINE         docker or podman; default: the one that runs
#   KEEP_ENGINE=1  does not stop an engine that this script started
#   WHOLE_SUITE=   without the tests that depend on neither engine nor base
#   FULL=1         also tests in each kind of container the functions that start processes, runs the suite as a user without
#                  capabilities, and compares decisions on a corpus of profiles with the engine's
set -eu
cd "$(dirname "$0")/../.."

base=${BASE_IMAGE:-node:24-trixie}
engine=${ENGINE:-}
whole=${WHOLE_SUITE-yes}
image="seccomp-test"
started=
config=/boot/config-$(uname -r)
log=$(mktemp)
profile=$(mktemp)
work=$(mktemp -d)
chmod 755 "$work"

fail() {
  echo "containers/test.sh: $1" >&2
  exit 1
}

step() {
  echo
  echo "== $1"
}

# Removes the containers of this script, and stops an engine that it started.
finish() {
  rm -rf "$log" "$profile" "$work"
  if [ -n "$engine" ]; then
    for name in suite kind write built record recorded user engine spawn; do
      "$engine" rm --force "$image-$$-$name" >/dev/null 2>&1 || true
    done
  fi
  [ -z "$started" ] || [ "${KEEP_ENGINE:-}" = 1 ] || scripts/containers/engine.sh down
}

answers() {
  command -v "$1" >/dev/null && "$1" info >/dev/null 2>&1
}

find_engine() {
  if [ -n "$engine" ]; then
    if answers "$engine"; then return; fi
    [ "$engine" = docker ] || fail "ENGINE=$engine does not answer: see \`$engine info\`"
  else
    for engine in docker podman; do
      if answers "$engine"; then return; fi
    done
  fi
  engine=
  # Two steps, since eval ignores a failure inside $( ).
  address=$(scripts/containers/engine.sh up)
  eval "$address"
  engine=docker started=yes
}

# Podman sets limits that this machine may not be allowed to raise, and crun refuses cgroups of version 1.
set_podman_options() {
  if [ "$engine" != podman ]; then return; fi
  limits="--ulimit nofile=$(prlimit --noheadings --output HARD --nofile) --ulimit nproc=$(prlimit --noheadings --output HARD --nproc)"
  build_options="$limits"
  run_options="$limits --pids-limit=-1"
  [ -f /sys/fs/cgroup/cgroup.controllers ] || runtime="--runtime runc"
}

# A base that is neither local nor in a reachable registry is built, under a name unlike the official one.
find_base() {
  if "$engine" image inspect "$base" >/dev/null 2>&1; then return; fi
  substitute=$image-base:$(echo "${base#node:}" | tr : -)
  if "$engine" image inspect "$substitute" >/dev/null 2>&1; then
    base=$substitute
    return
  fi
  case $base in
    debian-nodejs:*) step "make $substitute of Debian packages, and npm" ;;
    *)
      step "pull $base"
      if "$engine" pull --quiet "$base"; then return; fi
      step "$base can't be pulled: make $substitute of Debian and npm packages"
      ;;
  esac
  scripts/containers/node-image.sh "$engine" "$base" "$substitute"
  base=$substitute
}

# container NAME SECCOMP [COMMAND…]: runs a command in a container without network, with the words of $options. SECCOMP is
# `unconfined`, a file, or empty for the engine's own profile. The default command is the image's: the suite.
container() {
  name=$image-$$-$1
  security=${2:+--security-opt seccomp=$2}
  shift 2
  if [ -n "${SECCOMP_TEST_RESULTS:-}" ]; then
    set -- --volume "$SECCOMP_TEST_RESULTS:/results" --env SECCOMP_TEST_RESULTS=/results --env SECCOMP_TEST_FILES "$image" "$@"
  else
    set -- "$image" "$@"
  fi
  if [ -f "$config" ]; then
    set -- --volume "$config:$config:ro" "$@"
  fi
  # Options are lists of words.
  # shellcheck disable=SC2086
  "$engine" ${runtime:-} run --rm --name "$name" --network none ${security:-} ${options:-} ${run_options:-} "$@"
}

# A careful container: a user without capabilities, and a read-only root.
limited="--user 1000:1000 --cap-drop ALL --security-opt no-new-privileges --read-only --tmpfs /tmp:exec"

# decisions: compares, for each profile, the results of calls under the engine's filter with those under our filter, in
# two containers with the same options.
decisions() {
  names=$(node_modules/.bin/tsx test/container/engine.ts prepare "$work" ${FULL:+${whole:+all}}) || return
  options="--volume $work:/seccomp/compare"
  for name in $names; do
    case $name in docker-default | podman-default) source=$name ;; *) source=compare/$name.profile ;; esac
    set -- "$name" "$source" "$work/$name"
    # Some profiles prevent Node from starting: the result must be the same for both.
    container engine "$3.profile" node compare/decisions.mjs ask "compare/$1.calls" >"$3.engine" 2>"$3.log" || true
    container spawn unconfined node compare/decisions.mjs spawn "compare/$1.calls" "$2" >"$3.spawn" 2>"$3.log" || true
    node_modules/.bin/tsx test/container/engine.ts compare "$work" "$1" || unequal="${unequal:-} $1"
  done
  options=
  [ -z "${unequal:-}" ]
}

trap finish EXIT
trap 'exit 129' HUP INT TERM

find_engine
set_podman_options
find_base

step "build $image from $base with $engine"
# shellcheck disable=SC2086
"$engine" ${runtime:-} build --network host ${build_options:-} --build-arg "BASE_IMAGE=$base" --build-arg "LIBRARIES=$whole" \
  --file Dockerfile.test --tag "$image" . >"$log" 2>&1 || {
  cat "$log" >&2
  fail "the image does not build, as said above: $base must have python3, make and g++, and npm's registry be reachable"
}

failed=
vitest="node_modules/.bin/vitest run --configLoader runner --reporter=verbose --reporter=./test/support/results-reporter.ts"
blocked="test/integration/blocked-calls.test.ts test/landlock/support-here.test.ts"

# kind TITLE SECCOMP OPTION…: tests in a kind of container that filters can be attached in addition to the container's
# own, and that our filter blocks the calls. Reports the calls that the engine's filter or the kernel denies as well.
kind() {
  step "$1"
  seccomp=$2
  shift 2
  options=$*
  container kind "$seccomp" sh -c "export NO_COLOR=1; python3 scripts/containers/kernel-facts.py && node scripts/containers/stack.mjs &&
    exec $vitest ${FULL:+test/sandbox} $blocked" >"$log" 2>&1 || {
    grep -v '✓\|↓' "$log"
    failed="${failed:+$failed, and }a container with the options \"$options\" failed, profile ${seccomp:-of the engine}"
  }
  options=
  grep -E '^(kernel|config|status|call|generation)|^ +Tests ' "$log" || true
  echo "denied without the profile too: $(grep -c 'a filter that was attached before too' "$log") by a filter that was attached before," \
    "$(grep -c 'the kernel, which checks' "$log") by the kernel"
}

if [ -n "$whole" ]; then
  step "the suite as root, without a profile of the engine's: the filter that answers is ours"
  container suite unconfined || failed="the suite failed in the container"
fi

kind "under the engine's default profile" ''
kind "without a profile of the engine's" unconfined
kind "under the engine's default profile, in a read-only root" '' --read-only --tmpfs /tmp:exec
kind "under the engine's default profile, with no_new_privs" '' --security-opt no-new-privileges
kind "as a user without capabilities, no_new_privs, in a read-only root, under the engine's default profile" '' "$limited"
kind "as a user without capabilities, no_new_privs, in a read-only root, without a profile" unconfined "$limited"
if [ -n "${FULL:-}" ] && [ -n "$whole" ]; then
  step "the suite as a user without capabilities"
  options="--user 1000:1000 --cap-drop ALL --security-opt no-new-privileges"
  container user unconfined || failed="${failed:+$failed, and }the suite failed for a user without capabilities"
  options=
fi

if [ "$(uname -m)" = x86_64 ]; then
  step "each call is decided as by $engine, under profiles that both read"
  decisions || failed="${failed:+$failed, and }calls are decided otherwise than by $engine:$unequal"
fi

step "a profile that the builder wrote, read by $engine"
{ container write unconfined node scripts/containers/profile.mjs >"$profile" &&
  container built "$profile" node scripts/containers/profile.mjs --check; } ||
  failed="${failed:+$failed, and }the engine does not do what the builder wrote"

# recorded OPTIONS: records a Node server in one container and runs it in another under the profile. Other calls are denied.
recorded() {
  # shellcheck disable=SC2016
  container record unconfined sh -c 'node dist/cli/main.js record -o /tmp/profile.json "$@" >/dev/null &&
    cat /tmp/profile.json' sh "$@" node test/support/node-work/run.mjs http >"$profile" &&
    [ "$(container recorded "$profile" node test/support/node-work/run.mjs http)" = works ] &&
    container recorded "$profile" node -e 'require("fs").mkdirSync("/tmp/made")' 2>&1 | grep EPERM
}

step "profiles that were recorded, read by $engine"
{ recorded && recorded --args; } ||
  failed="${failed:+$failed, and }a program does not run in $engine under what was recorded of it"

[ -z "$failed" ] || fail "$failed"
step "passed"
