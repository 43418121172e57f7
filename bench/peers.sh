#!/bin/sh
# Installs what `python -m bench` measures ratedip against, from Debian: wrk, nginx with its Lua module, Kamailio.
# Kamailio's modules used here (xhttp, mtree, htable, db_text) are in its main package.
set -eu

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This machine is no Debian. Install these by its own means, then run the bench again:" >&2
    echo "    wrk, nginx with the Lua module, Kamailio with xhttp, mtree, htable and db_text, taskset" >&2
    exit 1
fi
exec sh "$(dirname "$0")/../scripts/debian.sh" wrk nginx libnginx-mod-http-lua kamailio util-linux
