#!/bin/sh
# Packages of Debian that tests and the bench want: installed where that may be done, otherwise said how.
set -eu

packages="$*"

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This machine is no Debian. Install what these packages have by its own means: $packages" >&2
    echo "    (Kamailio wants http_client, acc_json, jansson, sqlops and db_sqlite.) Then run the tests by themselves:" >&2
    echo "    .venv/bin/python -m pytest -m outside tests" >&2
    exit 1
fi
missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "Installing them takes root. Run this, then the same again:" >&2
    echo "    sudo apt-get update && sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

# Who wants a server starts it: none may start as a service when it is installed.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing
