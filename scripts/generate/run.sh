#!/usr/bin/env bash
# run.sh NAME…: writes generated files again; `npm run generate -- NAME…`:
#
#   syscalls   lib/syscalls/generated/, from Debian's linux-libc-dev and linux-headers
#   programs   lib/filter/precompiled/programs.ts: the built-in profiles, compiled; after a change of the compiler or of one of them
#   docs       pages of docs/reference/: the API from the docstrings, the command from its help, the built-in profiles, the groups
#   api        the reports of the public API in test/package/api/; after a change of what the package exports
#   schema     schema/: after a change of the format of profiles or sandbox files
#   pictures   docs/images/, from scripts/generate/pictures/
#   terminal   docs/terminal.svg: what README's commands print
set -euo pipefail
cd "$(dirname "$0")/../.."

# As functions: `&&` in a branch of `case` would hide a failure from `set -e`.
generate_syscalls() {
  npx tsx scripts/generate/syscalls.ts
  npx tsx scripts/generate/constants.ts
}
generate_programs() { npx tsx scripts/generate/programs.ts; }
generate_docs() { npx tsx scripts/generate/reference/pages.ts; }
generate_api() {
  npm run --silent libraries
  npm run --silent build
  npx tsx scripts/generate/api.ts
}
generate_schema() { npx tsx scripts/generate/schema.ts; }
generate_pictures() {
  npx tsx scripts/pinned.ts scripts/generate/pictures
  npx tsx scripts/generate/pictures.ts
}
generate_terminal() {
  npm run --silent build
  npx tsx scripts/generate/terminal.ts
}

[ $# != 0 ] || {
  sed -n 's/^#   //p' "$0" >&2
  exit 2
}
for name; do
  case $name in
    syscalls | programs | docs | api | schema | pictures | terminal) "generate_$name" ;;
    *)
      echo "run.sh: there is no \"$name\": without a name, all are listed" >&2
      exit 2
      ;;
  esac
done
