#!/usr/bin/env bash
# musl-node.sh DIRECTORY: makes a Node that is linked with musl, of what npm and Debian have: DIRECTORY/node.
#
# Neither has such a Node as a package. But pnpm 11's program for musl is one: an application in a single executable, which runs
# its own code instead of a script because of the digit after NODE_SEA_FUSE in it. Its libstdc++ is built here of Debian's
# gcc-14-source, in a minute of CPU time, and its libgcc_s is Debian's own with what musl does not have.
# Needs Debian on x86_64; installs what is missing, if root runs it.
set -euo pipefail
pnpm=@pnpm/linuxstatic-x64@11.21.0
pnpm_sha512=e98daef807ce52e4ea5a04c2a4587248bf0701c38d0ee702162c4a95ef6d5a85bb6e6f11174f9fc1005158d586771f93a1abb4ef06752cd64fa8df20a607810d
here=$(cd "$(dirname "$0")" && pwd)
target=$(realpath -m "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"

npm pack --silent "$pnpm" >/dev/null
echo "$pnpm_sha512  $(ls ./*.tgz)" | sha512sum --check --quiet --strict
# shellcheck source=scripts/checks/functions.sh
[ "$(id -u)" != 0 ] || (. "$here/../checks/functions.sh" && install musl-tools g++-14 make patchelf xz-utils)
tar -xzf ./*.tgz
perl -0777 -pe 's/(NODE_SEA_FUSE_[0-9a-f]{32}:)1/${1}0/ or die "no fuse"' package/pnpm >node-musl
chmod 755 node-musl

apt-get download -qq gcc-14-source
dpkg-deb --fsys-tarfile gcc-14-source_*.deb | tar -x --wildcards './usr/src/gcc-14/*.tar.xz'
tar -xJf usr/src/gcc-14/gcc-*.tar.xz --strip-components=1 --wildcards --exclude '*/testsuite/*/*' --exclude '*/gcc/config*' \
  '*/libstdc++-v3' '*/libgcc' '*/libiberty' '*/libbacktrace' '*/include' '*/config*' '*/gcc/BASE-VER' '*/gcc/DATESTAMP' \
  '*/ltmain.sh' '*/missing' '*/install-sh' '*/mkinstalldirs' '*/libtool*'

specs=/usr/lib/x86_64-linux-musl/musl-gcc.specs
# The compiler's own threads are those of POSIX: libgcc's build makes this file.
cp libgcc/gthr-posix.h libgcc/gthr-default.h
mkdir build lib
(
  cd build
  CC="gcc-14 -specs $specs" CXX="g++-14 -specs $specs" CFLAGS=-O1 CXXFLAGS="-O1 -nostdinc++" \
    ../libstdc++-v3/configure --build=x86_64-linux-gnu --host=x86_64-linux-musl --disable-multilib --disable-nls \
    --disable-libstdcxx-pch --disable-libstdcxx-verbose --disable-libstdcxx-backtrace --disable-static >configure.log
  for folder in include libsupc++ src; do make -s -j"$(nproc)" -C "$folder" >"$folder.log" 2>&1 || { tail -n 20 "$folder.log" >&2; exit 1; }; done
)
cp build/src/.libs/libstdc++.so.6 lib/
cp "$(gcc-14 -print-file-name=libgcc_s.so.1)" lib/libgcc_s-glibc.so.1
patchelf --set-soname libgcc_s-glibc.so.1 --remove-needed ld-linux-x86-64.so.2 lib/libgcc_s-glibc.so.1
gcc-14 -specs "$specs" -shared -O2 -fPIC -Wl,-soname,libgcc_s.so.1 -o lib/libgcc_s.so.1 "$here/musl-libgcc.c" \
  -Wl,--no-as-needed lib/libgcc_s-glibc.so.1

mkdir -p "$target"
cp -r lib "$target"
cp node-musl "$target/node"
LD_LIBRARY_PATH="$target/lib" "$target/node" --version
