#!/bin/sh
# containers/matrix.sh: runs containers/test.sh on each container engine of this machine.
#
# The default is one base image, with the whole suite on the first engine. On other bases, only the tests that start
# processes or block calls run, since the rest of the suite does not depend on the base. Environment:
#   FULL=1             the whole suite on each engine; other bases, each on one of them: a base is another Node
#   ENGINE, BASE_IMAGE only this engine, only this base
#   WHOLE_SUITE=       without the tests that depend on neither engine nor base
#   KEEP_ENGINE=1      does not stop an engine that this script started
set -eu
cd "$(dirname "$0")/../.."

default=node:24-trixie
failed=
started=

finish() {
  [ -z "$started" ] || [ "${KEEP_ENGINE:-}" = 1 ] || scripts/containers/engine.sh down
}

bases() {
  case ${FULL:+$1} in
    docker) echo "$default node:20-trixie debian-nodejs:trixie" ;;
    podman) echo "$default node:22-trixie node:26-trixie" ;;
    *) echo "$default" ;;
  esac
}

answers() {
  command -v "$1" >/dev/null && "$1" info >/dev/null 2>&1
}

# Starts Docker if this is root, or if there is no other engine.
find_engines() {
  if ! answers docker && { [ "$(id -u)" = 0 ] || ! answers podman; }; then
    # Two steps, since eval ignores a failure inside $( ).
    address=$(scripts/containers/engine.sh up)
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
  for base in ${BASE_IMAGE:-$(bases "$engine")}; do
    echo "==== $engine, $base"
    ENGINE=$engine BASE_IMAGE=$base WHOLE_SUITE=$suite scripts/containers/test.sh || failed="$failed $engine/$base"
    suite=
  done
  suite=${FULL:+whole}
done

[ -z "$failed" ] || {
  echo "containers/matrix.sh: failed (see the messages above):$failed" >&2
  exit 1
}
echo "==== passed:$engines"
