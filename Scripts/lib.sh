# Shared by Scripts/demo and Scripts/test: what has to be on the machine before anything is built.
# Sourced, not run; expects `set -euo pipefail` and the repository's top as the working directory.

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The packages named by the providers in Package.swift.
LIBRARIES=(libopenblas-dev libsentencepiece-dev libzip-dev libpcre2-dev libssl-dev libjson-c-dev)

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    command -v sudo >/dev/null || fail "packages are missing and installing them takes root: run this as root, or install sudo"
    sudo "$@"
  fi
}

# Installs those of the named Debian packages that are missing.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "installing ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get could not install ${missing[*]}"
}

# Whether `swift` is there and at least 6.0.
has_swift() {
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\..*/\1/p' | head -1)
  [ -n "$version" ] && [ "$version" -ge 6 ]
}

# Swift 6: Debian 13 packages it, Debian 12 does not. A toolchain that was unpacked there finds its own libraries here.
require_swift() {
  has_swift && return 0
  local release=0
  [ -r /etc/os-release ] && release=$(. /etc/os-release && echo "${VERSION_ID:-0}")
  if [ "${release%%.*}" -eq 12 ] && command -v swift >/dev/null; then
    install_packages libcurl4 libedit2 libncurses6 libsqlite3-0 libxml2 tzdata
    has_swift && return 0
  fi
  if [ "${release%%.*}" -ge 13 ]; then
    install_packages swiftlang
    has_swift || fail "swiftlang is installed, but 'swift --version' does not say 6.0 or later"
  else
    fail "Swift 6.0 or later is needed, and Debian $release does not package it: get the Debian 12 toolchain from https://www.swift.org/install/linux/ and put its usr/bin on PATH"
  fi
}

prepare_machine() {
  command -v dpkg-query >/dev/null || fail "this script installs Debian packages; on another system install ${LIBRARIES[*]} or their equivalents and run: swift build -c release"
  install_packages git g++ pkg-config binutils ca-certificates "${LIBRARIES[@]}" "$@"
  require_swift
}

# Builds in release with the given options; prints the last line, or everything where it fails.
build() {
  local log
  log=$(mktemp)
  if ! swift build -c release "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "the build failed"
  fi
  if grep -E '(Sources|Tests)/.*warning:' "$log"; then
    rm -f "$log"
    fail "warnings in our targets"
  fi
  tail -1 "$log"
  rm -f "$log"
}

# The compiler that the package manager takes for C: the one beside swift, else the one on PATH.
find_clang() {
  local beside
  if command -v swift >/dev/null; then
    beside=$(dirname "$(readlink -f "$(command -v swift)")")/clang
    if [ -x "$beside" ]; then
      printf '%s' "$beside"
      return 0
    fi
  fi
  command -v clang || fail "clang is neither beside swift nor on PATH"
}
