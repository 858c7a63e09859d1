#!/bin/sh
# newest-tables.sh: compares the syscall tables with the newest kernel headers and the newest libseccomp that Debian has, in
# any of its releases. MIRROR is its mirror.
set -eu
cd "$(dirname "$0")/../.."
. scripts/checks/apt.sh

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

make_apt "$directory" "${MIRROR:-http://deb.debian.org/debian}" sid experimental trixie-backports
# The newest version of all releases, which apt would otherwise not take from experimental and backports.
printf 'Package: *\nPin: release *\nPin-Priority: 500\n' >"$directory/etc/apt/preferences.d/newest"
apt "$directory" amd64 update
headers=$(apt "$directory" amd64 --simulate install linux-headers-amd64 | sed -n 's/^Inst \(linux-headers-[^ ]*-common\) .*/\1/p')
(
  cd "$directory"
  apt "$directory" amd64 download "$headers" linux-libc-dev libseccomp2
  for package in *.deb; do
    echo "$package"
    dpkg-deb --extract "$package" packages
  done
)
libseccomp=$(find "$directory/packages" -name libseccomp.so.2)
LD_LIBRARY_PATH=${libseccomp%/*} SECCOMP_TEST_NEWEST=$directory/packages npx vitest run test/extended/newest-tables.test.ts
