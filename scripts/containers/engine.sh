#!/bin/sh
# containers/engine.sh up|down: starts or stops a Docker engine, for root on Debian without a service manager that runs one.
#
# `up` prints a line for eval: export DOCKER_HOST=…  The engine does not change the host's firewall, bridges or forwarding, so
# containers and builds need --network=host or none. Images are kept in SECCOMP_ENGINE_DIR for the next time.
set -eu

directory=${SECCOMP_ENGINE_DIR:-/var/tmp/seccomp-docker-engine}
socket=unix://$directory/docker.sock

fail() {
  echo "containers/engine.sh: $1" >&2
  exit 1
}

running() {
  DOCKER_HOST=$socket docker version >/dev/null 2>&1
}

install_engine() {
  if command -v dockerd >/dev/null && command -v docker >/dev/null && docker buildx version >/dev/null 2>&1; then return; fi
  command -v apt-get >/dev/null || fail "no Docker here, and no apt-get to install it: install Docker or podman and start it"
  echo "containers/engine.sh: installing docker.io" >&2
  {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
      docker.io docker-cli docker-buildx iptables
  } >&2 || fail "apt-get can't install docker.io docker-cli docker-buildx iptables: install Docker or podman and start it"
}

up() {
  [ "$(id -u)" = 0 ] || fail "starting an engine needs root: start Docker or podman yourself, or run this as root"
  install_engine
  if ! running; then
    mkdir -p "$directory/data" "$directory/exec"
    rm -f "$directory/docker.pid"
    setsid nohup dockerd --data-root="$directory/data" --exec-root="$directory/exec" --pidfile="$directory/docker.pid" \
      --host="$socket" --iptables=false --ip6tables=false --bridge=none --ip-forward=false --userland-proxy=false \
      >"$directory/dockerd.log" 2>&1 </dev/null &
    tries=0
    until running; do
      tries=$((tries + 1))
      if [ "$tries" -ge 600 ]; then
        tail -n 5 "$directory/dockerd.log" >&2
        fail "dockerd did not answer within 120 s; its last words are above, all of them in $directory/dockerd.log"
      fi
      sleep 0.2
    done
  fi
  echo "export DOCKER_HOST=$socket"
}

down() {
  [ -f "$directory/docker.pid" ] || return 0
  pid=$(cat "$directory/docker.pid")
  # After a reboot, the file may contain the number of another process.
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || return 0
  kill "$pid"
  while [ -d "/proc/$pid" ]; do sleep 0.1; done
  umount "$directory/exec/netns/default" "$directory/data" 2>/dev/null || true
}

case ${1:-} in
  up) up ;;
  down) down ;;
  *)
    echo "usage: containers/engine.sh up|down" >&2
    exit 2
    ;;
esac
