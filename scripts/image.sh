#!/bin/sh
# The image of the Dockerfile, built without a container engine: on a base made by debootstrap, by buildah in a chroot.
# With an engine and a registry at hand, `docker build .` does the same.
#   scripts/image.sh [NAME]        its name, ratedip:latest where none is given
set -eu
cd "$(dirname "$0")/.."
name="${1:-ratedip:latest}"
base="$(sed -n 's/^FROM \([^ ]*\).*/\1/p' Dockerfile | sort -u)"
suite=bookworm
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot

for tool in buildah debootstrap; do
	command -v "$tool" >/dev/null || { echo "The image needs $tool. As root: apt-get install -y buildah debootstrap" >&2; exit 1; }
done
[ "$(id -u)" -eq 0 ] || { echo "debootstrap needs root: sudo make image" >&2; exit 1; }
[ "$(echo "$base" | wc -l)" -eq 1 ] || { echo "The Dockerfile names more than one base:" $base >&2; exit 1; }

if ! buildah inspect --type image "localhost/$base" >/dev/null 2>&1; then
	echo "Making the base $base from Debian $suite"
	folder="$(mktemp -d)"
	trap 'rm -rf "$folder"' EXIT
	debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv "$suite" "$folder/root" >"$folder/log" 2>&1 ||
		{ tail -n 20 "$folder/log" >&2; echo "debootstrap failed; is Debian's mirror within reach?" >&2; exit 1; }
	rm -rf "$folder/root/var/cache/apt" "$folder/root/var/lib/apt/lists"
	container="$(buildah from scratch)"
	buildah add -q "$container" "$folder/root" / >/dev/null
	buildah commit -q "$container" "localhost/$base" >/dev/null
	buildah rm "$container" >/dev/null
fi

# What this machine needs to reach its package index goes in read-only, and is not in the image.
set --
for path in /etc/ssl/certs /etc/pip.conf; do
	[ -e "$path" ] && set -- "$@" --volume "$path:$path:ro"
done
echo "Building $name"
buildah bud --quiet --format docker --network host --pull-never "$@" --tag "$name" . >/dev/null

container="$(buildah from --pull-never "$name")" below="$(buildah from --pull-never "localhost/$base")"
all="$(du -sm "$(buildah mount "$container")" | cut -f1)" under="$(du -sm "$(buildah mount "$below")" | cut -f1)"
buildah rm "$container" "$below" >/dev/null
echo "$name: $((all - under)) MB unpacked over its base of $under MB"
