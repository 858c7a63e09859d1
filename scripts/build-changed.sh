#!/bin/sh
# build-changed.sh: builds dist/, unless it is newer than everything that it is made of. A release always builds it.
set -eu
cd "$(dirname "$0")/.."

# What scripts/build.mjs writes last. A folder is newer if a file in it was removed.
last=dist/LICENSES.txt
sources="lib scripts/build.mjs scripts/build-types.mjs scripts/merge-types.mjs package.json package-lock.json tsconfig.json tsconfig.build.json"
# Each word is a file or folder.
# shellcheck disable=SC2086
if [ ! -f "$last" ] || [ -n "$(find $sources -newer "$last")" ]; then npm run --silent build:ts; fi
