#!/usr/bin/env bash
# run.sh NAME [ARGUMENT…]: builds what changed, and runs a benchmark: `npm run bench -- NAME [ARGUMENT…]`.
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:-}
case $name in
  filter | fork | hostile-trees | landlock | limits | passes | record | server | spawn | supervisor | tree) ;;
  *)
    echo "run.sh: name a benchmark: filter, fork, hostile-trees, landlock, limits, passes, record, server, spawn, supervisor, tree" >&2
    exit 2
    ;;
esac
shift
npx tsx scripts/build/changed.ts
exec npx tsx "bench/$name.ts" "$@"
