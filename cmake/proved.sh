#!/bin/sh
# proved.sh OUT.S - what the image says of its proof: a line for the banner, and the hash of the kernel's sources.
#
# A function counts as proved only if tests/proof/proved.txt says so of the very text that is here: of each unit it has
# one hash over the files that the unit reads. Nothing of the machine or the hour goes into OUT.S: equal sources, equal bytes.
set -eu
export LC_ALL=C
out=$1
cd "$(dirname "$0")/.."
proved=tests/proof/proved.txt
borders=tests/proof/borders.txt

# One hash over files: of the lines `hash  path` that sha256sum prints (tests/proof/kernel.py does the same).
hash_of() {
	for file in "$@"; do
		[ ! -f "$file" ] || sha256sum "$file"
	done | sha256sum | cut -c 1-64
}

sources=$(find kernel -type f \( -name '*.c' -o -name '*.h' -o -name '*.S' -o -name '*.ld' \) | sort)
# shellcheck disable=SC2086
hash=$(hash_of $sources)
[ -f "$proved" ] || proved=/dev/null
[ -f "$borders" ] || borders=/dev/null
sed -n 's/^unit //p' "$proved" | while read -r unit recorded files; do
	# shellcheck disable=SC2086
	[ "$(hash_of $files)" != "$recorded" ] || echo "$unit"
done > "$out.fits"
# shellcheck disable=SC2046
awk -v hash="$hash" -f cmake/proved.awk part=fits "$out.fits" part=borders "$borders" part=proved "$proved" part=source \
	$(printf '%s\n' "$sources" | grep '\.[ch]$') > "$out.new"
rm -f "$out.fits"
mv "$out.new" "$out"
