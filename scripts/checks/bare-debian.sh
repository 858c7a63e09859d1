#!/usr/bin/env bash
# bare-debian.sh: runs CONTRIBUTING.md's two commands in a new minimal Debian, with the packages that the page names and no others.
# They run as an ordinary user, in a clone of this checkout's HEAD, under the running kernel.
#
# Needs root, for chroot, and mmdebstrap. Environment:
#   SUITE     Debian's release; default: trixie
#   MIRROR    default: http://deb.debian.org/debian
#   COMMANDS  1 for the first command only; default: "1 2"
set -e
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/checks/functions.sh
. scripts/checks/functions.sh

suite=${SUITE:-trixie}
mirror=${MIRROR:-http://deb.debian.org/debian}
commands=${COMMANDS:-1 2}
cache=$PWD/node_modules/.cache/seccomp-bare
work=$(mktemp -d)
root=$work/root
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM

fail() {
  echo "bare-debian.sh: $1" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail "needs root"
install mmdebstrap git util-linux
for tool in mmdebstrap git unshare; do
  command -v $tool >/dev/null || fail "needs $tool; on Debian: apt-get install mmdebstrap git util-linux"
done
# shellcheck disable=SC2016
packages=$(grep -oP '\(Debian: `apt-get install \K[^`]+' CONTRIBUTING.md) || fail "CONTRIBUTING.md no longer has \"(Debian: \`apt-get install …\`)\": adapt this script"

# make_root FILE: makes an archive of the system. Later runs use it as it is.
make_root() {
  mkdir -p "$cache"
  # mmdebstrap runs the hook with the root directory as $1.
  # shellcheck disable=SC2016
  mmdebstrap --quiet --mode=root --variant=minbase --include="${packages// /,}" \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' \
    --customize-hook='chroot "$1" useradd --create-home --shell /bin/bash user' \
    "$suite" "$work/root.tar" "$mirror" || fail "mmdebstrap failed, as said above: see that $mirror can be reached, or set MIRROR"
  mv "$work/root.tar" "$1"
}

archive=$cache/$suite-${packages// /-}.tar
[ -f "$archive" ] || {
  echo "== make a Debian $suite with $packages"
  make_root "$archive"
}
mkdir "$root"
chmod 755 "$work" "$root"
tar -xf "$archive" -C "$root"
git clone --quiet . "$root/home/user/seccomp"
chroot "$root" chown -R user:user /home/user/seccomp

# The way from this machine to npm's registry: the name servers, the certificates and the proxy.
variables=(HOME=/home/user USER=user LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin JOBS=max)
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
certificates=/etc/ssl/certs/ca-certificates.crt
if [ -f $certificates ]; then
  mkdir -p "$root/etc/ssl/certs"
  cp -L $certificates "$root$certificates"
  variables+=("NODE_EXTRA_CA_CERTS=$certificates" "npm_config_cafile=$certificates")
fi
for name in http_proxy https_proxy no_proxy; do
  if [ -n "${!name:-}" ]; then variables+=("$name=${!name}"); fi
done
variables+=("npm_config_registry=$(npm config get registry)")

# Where the tests write their results.
results=${SECCOMP_TEST_RESULTS:-}
if [ -n "$results" ]; then
  mkdir -p "$root$results"
  variables+=("SECCOMP_TEST_RESULTS=$results")
fi
if [ -n "${SECCOMP_TEST_FILES:-}" ]; then variables+=("SECCOMP_TEST_FILES=$SECCOMP_TEST_FILES"); fi

# in_root COMMAND: runs a shell command as the user, in the clone. The mounts are those of a mount namespace of its own, so they
# end with it.
in_root() {
  # shellcheck disable=SC2016
  unshare --mount sh -c '
    for each in proc sys dev; do mount --rbind "/$each" "$1/$each" || exit; done
    [ -z "$3" ] || mount --bind "$3" "$1$3" || exit
    root=$1 command=$2
    shift 3
    exec chroot --userspec=user:user "$root" env -i "$@" sh -c "cd /home/user/seccomp && $command"' \
    sh "$root" "$1" "$results" "${variables[@]}"
}

# shellcheck disable=SC2016
in_root 'echo "Debian $(cat /etc/debian_version), Node $(node --version), npm $(npm --version), $(dpkg-query --show | wc -l) packages"'
for number in $commands; do
  command=$(command_of_page "$number")
  echo "== $command"
  start=$SECONDS
  case $number in
    1) denies_unshare in_root "$command" || fail "the first command failed, or unshare is not denied" ;;
    *) in_root "$command" || fail "the second command failed" ;;
  esac
  echo "== passed after $((SECONDS - start)) s"
done
