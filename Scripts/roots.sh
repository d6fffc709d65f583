# Roots: folders that hold a Debian release of their own, in which this project is built, packaged and installed as on a machine of that
# release. Sourced by Scripts/arm64 and Scripts/package, after Scripts/lib.sh; takes root's rights for chroot and mounts.
#
# They are kept in $GLICLASS_ROOTS (.build/roots unless set): deleting that folder begins from nothing. Nothing stays mounted in them.

ROOTS=${GLICLASS_ROOTS:-$PWD/.build/roots}

# One at a time: two would build and compare in the same folders.
mkdir -p "$ROOTS"
exec 9>"$ROOTS/lock"
flock -n 9 || fail "another Scripts/arm64 or Scripts/package uses $ROOTS"

# The mirror that this machine's own apt uses.
mirror() {
  local found
  found=$(sed -n 's/^URIs: *\([^ ]*debian\/*\) *$/\1/p; s/^deb \([^[][^ ]*\/debian\/*\) .*/\1/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v security | head -1)
  printf '%s' "${found:-http://deb.debian.org/debian}"
}

# Runs a command in a root: in_root ROOT COMMAND ...  Its mounts are its own and end with it.
in_root() {
  local root=$1
  shift
  as_root env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    ${GLC_ISA:+GLC_ISA="$GLC_ISA"} ${ROOT_BIND:+ROOT_BIND="$ROOT_BIND"} \
    unshare --mount --pid --fork sh -c '
      root=$1; shift
      mount -t proc proc "$root/proc"
      mount --bind /dev/null "$root/dev/null" 2>/dev/null || true
      # A folder of this machine that the root is to see at the same place.
      if [ -n "$ROOT_BIND" ]; then mkdir -p "$root$ROOT_BIND"; mount --bind "$ROOT_BIND" "$root$ROOT_BIND"; fi
      exec chroot "$root" "$@"' sh "$root" "$@"
}

# Makes a root of a release unless it is there: make_root ROOT RELEASE [ARCHITECTURE]
make_root() {
  local root=$1 release=$2 architecture=${3:-amd64}
  [ -e "$root/.complete" ] && return 0
  command -v debootstrap >/dev/null || install_packages debootstrap
  say "a root of Debian $release, $architecture"
  as_root rm -rf "$root"
  as_root mkdir -p "$root"
  as_root debootstrap --variant=minbase --arch="$architecture" "$release" "$root" "$(mirror)" >"$root.log" 2>&1 || {
    tail -5 "$root.log" >&2
    fail "debootstrap $release for $architecture failed: see $root.log"
  }
  as_root cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
  in_root "$root" sh -c 'rm -f /var/cache/apt/archives/*.deb'
  as_root touch "$root/.complete"
}

# Installs those of the named packages that a root lacks: install_in ROOT PACKAGE ...
install_in() {
  local root=$1 missing=() package
  shift
  for package in "$@"; do
    in_root "$root" dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  in_root "$root" sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' sh "${missing[@]}" \
    >"$root.log" 2>&1 || {
    tail -5 "$root.log" >&2
    fail "apt-get could not install ${missing[*]} in $root"
  }
}

# Puts the sources as they are here into a root's /src, and what they are built from into its /packages: put_sources ROOT
# What was built there stays, so that the next build is short.
put_sources() {
  local root=$1 url name
  as_root mkdir -p "$root/src" "$root/packages"
  git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    if [ -e "$file" ]; then printf '%s\0' "$file"; fi
  done | sort -z >"$ROOTS/sources"
  # What is no longer a source.
  as_root find "$root/src" -name '.build*' -prune -o -type f -printf '%P\0' | sort -z |
    comm -z -23 - "$ROOTS/sources" | (cd "$root/src" && as_root xargs -0r rm -f)
  tar --null -T "$ROOTS/sources" -c | as_root tar -x --no-same-owner -C "$root/src"
  # The packages are fetched by this machine's git, with its own settings, and the root reads the copies.
  sed -n 's/.*\.package(url: "\(https:\/\/[^"]*\)".*/\1/p' Package.swift | while read -r url; do
    name=${url#https://}
    if [ ! -e "$ROOTS/packages/$name" ]; then
      mkdir -p "$(dirname "$ROOTS/packages/$name")"
      git clone -q --mirror "$url" "$ROOTS/packages/$name"
    fi
    as_root mkdir -p "$root/packages/$(dirname "$name")"
    as_root cp -a --no-preserve=ownership -u "$ROOTS/packages/$name" "$root/packages/$(dirname "$name")/"
  done
  printf '[url "file:///packages/"]\n\tinsteadOf = https://\n[safe]\n\tdirectory = *\n' | as_root tee "$root/etc/gitconfig" >/dev/null
}

# Builds in a root; shows all where it fails or warns: build_in ROOT LOG COMMAND ...
build_in() {
  local root=$1 log=$2
  shift 2
  if ! in_root "$root" sh -c 'cd /src && exec "$@"' sh "$@" >"$log" 2>&1; then
    cat "$log" >&2
    fail "the build failed: $log"
  fi
  if grep -E '/src/(Sources|Tests)/.*warning:' "$log"; then fail "warnings in our targets: $log"; fi
  tail -1 "$log"
}

# What a build for Debian 13, by its own compiler, needs.
DEBIAN13_BUILD=(swiftlang git pkg-config libc6-dev libstdc++-14-dev binutils gcc g++ ca-certificates "${LIBRARIES[@]}")

# The root of Debian 13 that builds, and in its /arm64 what a program for arm64 is linked with and runs on.
#
# The two architectures' swiftlang are one version, so the amd64 compiler takes the arm64 package's libraries. /arm64 is
# unpacked packages and nothing installed, so links that a package's script would make are made here. /sdks tells the package
# manager about it.
make_debian13() {
  DEBIAN13=$ROOTS/debian13-amd64
  make_root "$DEBIAN13" trixie
  install_in "$DEBIAN13" "${DEBIAN13_BUILD[@]}" qemu-user
  [ -e "$DEBIAN13/arm64/.complete" ] && return 0
  say "arm64 libraries of Debian 13"
  in_root "$DEBIAN13" sh -euc '
    apt=/var/cache/arm64-apt
    rm -rf $apt /arm64 /sdks
    mkdir -p $apt/lists/partial $apt/archives/partial /arm64/usr/lib /arm64/usr/bin /arm64/usr/sbin
    : >$apt/status
    # A state of its own: for it nothing is installed, so that everything needed comes.
    set -- -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root \
      -o Dir::State::Lists=$apt/lists -o Dir::Cache=$apt -o Dir::State::status=$apt/status -o APT::Install-Recommends=false
    apt-get "$@" update
    apt-get "$@" install -y --download-only libc6-dev libstdc++-14-dev libxml2 '"${LIBRARIES[*]}"' >/dev/null
    # Of the compiler only what programs are made of.
    (cd $apt/archives && apt-get "$@" download swiftlang libswiftlang)
    ln -s usr/lib /arm64/lib
    for package in $apt/archives/*.deb; do
      case $package in
        */swiftlang_* | */libswiftlang_*)
          dpkg-deb --fsys-tarfile $package |
            tar -x -C /arm64 --keep-directory-symlink --wildcards "./usr/libexec/swift/lib/swift*" ;;
        *) dpkg-deb --fsys-tarfile $package | tar -x -C /arm64 --keep-directory-symlink ;;
      esac
    done
    rm -rf $apt
    # The headers of the compiler itself, which are the same for both.
    ln -sfn /usr/libexec/swift/lib/clang /arm64/usr/libexec/swift/lib/clang
    mkdir /arm64/pkgconfig
    for file in openblas-pthread/pkgconfig/openblas.pc pkgconfig/libzip.pc pkgconfig/libpcre2-8.pc pkgconfig/libcrypto.pc; do
      sed "s|=/usr|=/arm64/usr|" /arm64/usr/lib/aarch64-linux-gnu/$file >/arm64/pkgconfig/$(basename $file)
    done
    sdk=/sdks/debian13-arm64.artifactbundle
    mkdir -p $sdk
    cat >$sdk/info.json <<END
{"schemaVersion": "1.0",
 "artifacts": {"debian13-arm64": {"type": "swiftSDK", "version": "1", "variants": [{"path": "."}]}}}
END
    cat >$sdk/swift-sdk.json <<END
{"schemaVersion": "4.0", "targetTriples": {"aarch64-unknown-linux-gnu": {
  "sdkRootPath": "/arm64", "toolsetPaths": ["toolset.json"],
  "swiftResourcesPath": "/arm64/usr/libexec/swift/lib/swift",
  "swiftStaticResourcesPath": "/arm64/usr/libexec/swift/lib/swift_static"}}}
END
    cat >$sdk/toolset.json <<END
{"schemaVersion": "1.0", "rootPath": "/usr/libexec/swift/bin", "linker": {"path": "ld.lld"},
 "swiftCompiler": {"extraCLIOptions": ["-use-ld=lld", "-tools-directory", "/usr/libexec/swift/bin"]}}
END
    touch /arm64/.complete' >"$DEBIAN13.log" 2>&1 || {
    tail -5 "$DEBIAN13.log" >&2
    fail "the arm64 libraries could not be fetched: see $DEBIAN13.log"
  }
}

# Options with which that root builds for arm64.
ARM64_BUILD=(env PKG_CONFIG_PATH=/arm64/pkgconfig swift build -c release --swift-sdks-path /sdks --swift-sdk debian13-arm64)
