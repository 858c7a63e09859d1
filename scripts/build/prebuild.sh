#!/usr/bin/env bash
# prebuild.sh [--changed] [ARCHITECTURE…]: compiles the addon and the launcher for each architecture, and checks them.
# --changed leaves out those that are newer than their sources.
# ARCHITECTURE is as in process.arch: x64 arm64 riscv64 ppc64 s390x loong64. Without arguments,
# for the first three, which the package contains: their addons are tested on real kernels.
#
# Writes out/prebuilds/linux-ARCHITECTURE/. One addon serves all distributions with glibc or musl: it depends on libc
# alone (on some CPUs also on libm, which every libc has), on no function newer than those of glibc 2.28 (loong64: 2.36, its first), and on nothing of C++.
# The same sources and compiler give the same bytes in every directory.
#
# The compilers are Debian's. As root on Debian, the script installs missing ones; elsewhere it prints their names.
# Node's headers must be beside the Node that runs.
set -euo pipefail
cd "$(dirname "$0")/../.."

gcc=14

# Architecture, its name in the GNU tools, its name in Debian, the newest glibc whose functions are used.
targets="
x64 x86_64 amd64 2.28
arm64 aarch64 arm64 2.28
riscv64 riscv64 riscv64 2.28
ppc64 powerpc64le ppc64el 2.28
s390x s390x s390x 2.28
loong64 loongarch64 loong64 2.36
"

fail() {
  echo "prebuild.sh: $1" >&2
  exit 1
}

field() { awk -v name="$1" -v field="$2" '$1 == name { print $field }' <<<"$targets"; }

# install_compilers ARCHITECTURE…
install_compilers() {
  local architecture gnu packages=()
  for architecture; do
    gnu=$(field "$architecture" 2)
    command -v "$gnu-linux-gnu-g++-$gcc" >/dev/null ||
      packages+=("g++-$gcc-${gnu/_/-}-linux-gnu" "libc6-dev-$(field "$architecture" 3)-cross")
  done
  [ ${#packages[@]} != 0 ] || return 0
  if [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ]; then
    packages=("${packages[@]/"g++-$gcc-x86-64-linux-gnu"/"g++-$gcc"}")
    packages=("${packages[@]/libc6-dev-amd64-cross/libc6-dev}")
  fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    fail "missing compilers; on Debian: apt-get install ${packages[*]}"
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 \
    -o Acquire::Retries=3 "${packages[@]}" >/dev/null
}

# list NAME: prints the words of a list in native/sources.gypi.
list() { node -p "JSON.parse(fs.readFileSync('native/sources.gypi', 'utf8')).variables.$1.join('\n')"; }

# The lists are of words without blanks.
# shellcheck disable=SC2207
{
  native_sources=($(list native_sources))
  launcher_sources=($(list launcher_sources))
  launcher_flags=($(list launcher_flags))
  launcher_link_flags=($(list launcher_link_flags))
}
node_headers=$(node -p "path.join(process.execPath, '../../include/node')")
[ -f "$node_headers/uv.h" ] || fail "no headers of Node in $node_headers: use a Node that has them"
addon_api=$(node -p "require('node-addon-api').include_dir")
version=$(node -p "require('./package.json').version")

# No directory's name, and no build ID, becomes part of the files.
common_flags=(-std=c++17 -O2 -Wall -Wextra -fno-exceptions -fno-rtti
  -fno-asynchronous-unwind-tables "-ffile-prefix-map=$PWD=.")
addon_flags=(
  -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -ffunction-sections -fdata-sections
  -include native/prebuild/symbol_versions.h -Inative -isystem "$addon_api" -isystem "$node_headers"
  -DNAPI_VERSION=8 -DNODE_GYP_MODULE_NAME=seccomp "-DSECCOMP_VERSION=\"$version\"" -DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS
  -DNODE_ADDON_API_DISABLE_DEPRECATED -DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
)
# The commas are part of the arguments. -nodefaultlibs, and libstdc++.a by name: its parts that need exceptions would lack symbols, and the checks fail.
# shellcheck disable=SC2054
addon_link_flags=(
  -shared -nodefaultlibs -Wl,-soname,seccomp.node -Wl,--version-script=native/prebuild/exports.map -Wl,--gc-sections
  -Wl,-z,nodelete -Wl,-z,now -Wl,-z,relro -Wl,-z,noexecstack -Wl,--hash-style=gnu -Wl,--build-id=none -s
)
# libm, on some CPUs, for floor(3). musl has no file of that name either, and takes both for itself.
libraries=(-l:libstdc++.a -lgcc -Xlinker --as-needed -lm -lc)

# build ARCHITECTURE OBJECTS DIRECTORY: compiles, with the objects in a directory of their own.
build() {
  local compiler source objects=()
  compiler=$(field "$1" 2)-linux-gnu-g++-$gcc
  for source in "${native_sources[@]}" prebuild/runtime.cc; do
    objects+=("$2/${source//\//-}.o")
    printf '%s\0' "${objects[-1]}" "native/$source"
  done >"$2/list"
  xargs --null --max-args=2 --max-procs="$(nproc)" "$compiler" "${common_flags[@]}" "${addon_flags[@]}" -c -o <"$2/list"
  "$compiler" "${addon_link_flags[@]}" -o "$3/seccomp.node" "${objects[@]}" "${libraries[@]}"
  "$compiler" "${common_flags[@]}" "${launcher_flags[@]}" -Inative "${launcher_link_flags[@]}" -Wl,-z,noexecstack \
    -Wl,--build-id=none -s -o "$3/seccomp-launch" "${launcher_sources[@]/#/native/}" -lgcc
}

# expect FILE WHAT EXPECTED FOUND: fails unless both texts are equal.
expect() { [ "$3" = "$4" ] || fail "$1: $2: expected '$3', found '$4'"; }

# check ARCHITECTURE DIRECTORY: checks what the files need of the machine that they will run on, and what they show of themselves.
check() {
  local addon=$2/seccomp.node launcher=$2/seccomp-launch dynamic symbols
  dynamic=$(readelf --dynamic --wide "$addon")
  symbols=$("$(field "$1" 2)-linux-gnu-nm" --dynamic "$addon" | sed 's/^[0-9a-f]* *//')
  expect "$addon" "the libraries that it needs" "[libc.so.6]" "$(
    awk '/\(NEEDED\)/ { print $NF }' <<<"$dynamic" | grep -v '^\[libm.so.6\]$' | xargs
  )"
  expect "$addon" "the newest glibc" "$(field "$1" 4)" "$(
    { grep -o '@GLIBC_[0-9.]*' <<<"$symbols" | sed 's/.*_//' && field "$1" 4; } | sort --version-sort | tail -n 1
  )"
  expect "$addon" "versions that are not glibc's" "" "$(grep '@' <<<"$symbols" | grep -v '@GLIBC_[0-9]' | xargs)"
  expect "$addon" "functions of neither libc nor Node" "" "$(awk '$1 == "U" { print $2 }' <<<"$symbols" | grep -vE '@GLIBC_|^(napi|uv)_' | xargs)"
  expect "$addon" "the functions that it exports" "napi_register_module_v1 node_api_module_get_api_version_v1" \
    "$(awk '$1 !~ /^[Uvw]$/ { print $2 }' <<<"$symbols" | sort | xargs)"
  expect "$addon" "the flags of its loading" "NOW NODELETE" "$(sed -n 's/.*(FLAGS_1).*Flags: //p' <<<"$dynamic" | xargs)"
  expect "$addon" "segments" "GNU_STACK=RW GNU_RELRO=R" "$(
    readelf --segments --wide "$addon" | awk '/^ *(GNU_RELRO|GNU_STACK|TLS)/ { flags = ""; for (i = 7; i < NF; i++) flags = flags $i; print $1 "=" flags }' | xargs
  )"
  expect "$launcher" "segments of a dynamic program" "" "$(readelf --segments --wide "$launcher" | grep -oE 'INTERP|DYNAMIC|RWE' | xargs)"
}

# is_current ARCHITECTURE: whether nothing has changed since its last build began, which is the time of what it built.
is_current() {
  local launcher=out/prebuilds/linux-$1/seccomp-launch
  [ -f "$launcher" ] && [ -z "$(find native scripts/build/prebuild.sh package.json package-lock.json -newer "$launcher")" ]
}

only_changed=
if [ "${1-}" = --changed ]; then
  only_changed=1
  shift
fi
[ $# -gt 0 ] || set -- x64 arm64 riscv64
architectures=()
for architecture; do
  [ -n "$(field "$architecture" 1)" ] || fail "no prebuilt addon is made for '$architecture'"
  [ -n "$only_changed" ] && is_current "$architecture" || architectures+=("$architecture")
done
[ ${#architectures[@]} != 0 ] || exit 0
install_compilers "${architectures[@]}"
objects_directory=$(mktemp -d)
trap 'rm -rf "$objects_directory"' EXIT
for architecture in "${architectures[@]}"; do
  directory=out/prebuilds/linux-$architecture
  echo "== $directory"
  built=$objects_directory/$architecture/built
  mkdir -p "$built" "${directory%/*}"
  touch "$objects_directory/began"
  build "$architecture" "$objects_directory/$architecture" "$built"
  check "$architecture" "$built"
  touch --reference="$objects_directory/began" "$built"/*
  rm -rf "$directory"
  mv "$built" "$directory"
  (cd "$directory" && stat --format='%s %n' ./* && sha256sum ./*)
done
