#!/bin/sh
# Installs what `python -m bench` measures ratedip against, from Debian: wrk, nginx with its Lua module, Kamailio.
# Kamailio's modules used here (xhttp, mtree, htable, db_text) are in its main package.
set -eu

packages="wrk nginx libnginx-mod-http-lua kamailio util-linux"

if ! command -v apt-get >/dev/null 2>&1; then
    echo "This machine has no apt-get. Install these by its own means, then run the bench again:" >&2
    echo "    wrk, nginx with the Lua module, Kamailio with xhttp, mtree, htable and db_text, taskset" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "Installing the peers takes root. Run this, then the bench again:" >&2
    echo "    sudo apt-get update && sudo apt-get install --no-install-recommends $packages" >&2
    exit 1
fi

# A peer is started by the bench alone: none of them may start as a service when it is installed.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
apt-get update
# shellcheck disable=SC2086 # a list of packages
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
