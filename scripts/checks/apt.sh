# apt.sh: packages of other releases and architectures of Debian, in a directory apart from this machine's packages.
# shellcheck shell=sh

# make_apt DIRECTORY MIRROR SUITE…: makes the directory, for packages of these suites.
make_apt() {
  apt_directory=$1 apt_mirror=$2
  shift 2
  keyring=$(find /usr/share/keyrings -name 'debian-archive-keyring.*' | head -n 1)
  mkdir -p "$apt_directory/etc/apt/sources.list.d" "$apt_directory/etc/apt/apt.conf.d" "$apt_directory/etc/apt/preferences.d" \
    "$apt_directory/var/lib/apt/lists/partial" "$apt_directory/var/cache/apt/archives/partial" &&
    : >"$apt_directory/status" &&
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$apt_mirror" "$*" "$keyring" \
      >"$apt_directory/etc/apt/sources.list.d/debian.sources"
}

# apt DIRECTORY ARCHITECTURE ARGUMENT…: runs apt-get there. The index of an old release is signed, but no longer renewed before its
# Valid-Until.
apt() {
  apt_directory=$1 apt_architecture=$2
  shift 2
  apt-get -qq -o Acquire::Retries=3 -o Acquire::Check-Valid-Until=false -o "Dir=$apt_directory" -o "Dir::State::status=$apt_directory/status" -o APT::Sandbox::User= \
    -o "APT::Architecture=$apt_architecture" -o "APT::Architectures::=$apt_architecture" "$@"
}
