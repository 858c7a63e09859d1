#!/bin/sh
# container-matrix.sh: container-test.sh on each engine that is here; `npm run test:container`.
#
# One base, and the whole suite on the first engine. Environment: FULL=1 takes every base, and the whole suite on each engine;
# ENGINE and BASE_IMAGE take one alone; WHOLE_SUITE= leaves out what depends on no engine or base. On a base that is not the default, what starts processes is tested and the calls that
# are blocked: the rest of the suite depends on no base. KEEP_ENGINE=1 leaves an engine running that this script started.
set -eu
cd "$(dirname "$0")/.."

default=node:24-trixie
bases="$default ${FULL:+node:20-trixie node:22-trixie node:26-trixie debian-nodejs:trixie}"
failed=
started=

finish() {
  [ -z "$started" ] || [ "${KEEP_ENGINE:-}" = 1 ] || scripts/docker-engine.sh down
}

answers() {
  command -v "$1" >/dev/null && "$1" info >/dev/null 2>&1
}

# Docker is started where that can be done, or where there would be no engine at all.
find_engines() {
  if ! answers docker && { [ "$(id -u)" = 0 ] || ! answers podman; }; then
    # Two steps: a failure inside $( ) of an eval would go unseen.
    address=$(scripts/docker-engine.sh up)
    eval "$address"
    started=yes
  fi
  for engine in docker podman; do
    if answers "$engine"; then engines="${engines:-} $engine"; fi
  done
}

trap finish EXIT
trap 'exit 129' HUP INT TERM

engines=${ENGINE:-}
[ -n "$engines" ] || find_engines
suite=${WHOLE_SUITE-whole}
for engine in $engines; do
  for base in ${BASE_IMAGE:-$bases}; do
    echo "==== $engine, $base"
    ENGINE=$engine BASE_IMAGE=$base WHOLE_SUITE=$suite scripts/container-test.sh || failed="$failed $engine/$base"
    suite=
  done
  suite=${FULL:+whole}
done

[ -z "$failed" ] || {
  echo "container-matrix.sh: failed, as said above:$failed" >&2
  exit 1
}
echo "==== passed:$engines"
