#!/bin/sh
# fetch_libfdt.sh FOLDER - puts libfdt's sources into FOLDER, from Debian's source package of U-Boot.
#
# The package is pinned by the hash of its upstream tarball; Debian's revision behind the dash may change. The lists of
# the machine's own apt stay as they are. MULLION_CACHE names a folder in which tarballs are kept between checkouts.
set -eu
tarball=u-boot_2023.01+dfsg.orig.tar.xz
hash=e75da6f089d063aaef39a1c17f1631791d87700662624e18de2121fa39a1ed44
inside=u-boot-2023.01/scripts/dtc/libfdt
folder=$1
cache=${MULLION_CACHE:-$folder}
files='fdt.c fdt_ro.c fdt_addresses.c fdt.h libfdt.h libfdt_internal.h'

is_good() {
	[ -f "$1" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$hash" ]
}

# Downloads with a private copy of apt's lists, with source packages switched on.
download() {
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -e "$file" ] || continue
		sed 's/^Types:.*/Types: deb-src/' "$file"
		echo
	done > "$work/src.sources"
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -e "$file" ] || continue
		sed -n 's/^deb /deb-src /p' "$file"
	done > "$work/src.list"
	list=$work/src.sources
	[ -s "$list" ] || list=$work/src.list
	set -- -qq -o "Dir::Etc::SourceList=$list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$work/lists" \
		-o "Dir::Cache=$work/cache" -o APT::Get::List-Cleanup=0 -o APT::Sandbox::User=root
	apt-get "$@" update
	(cd "$cache" && apt-get "$@" source --download-only --tar-only u-boot)
}

mkdir -p "$folder" "$cache"
if ! is_good "$cache/$tarball"; then
	echo "fetching libfdt ($tarball, 15 MB) with apt-get source"
	rm -f "$cache/$tarball"
	download || true
fi
if ! is_good "$cache/$tarball"; then
	echo "libfdt: $tarball with sha256 $hash could not be fetched; put it into $cache by hand and build again" >&2
	exit 1
fi
for file in $files; do
	set -- "$@" "$inside/$file"
done
shift
tar xJf "$cache/$tarball" -C "$folder" --strip-components=4 "$@"
