#!/bin/sh
# Installs the MCP servers that pgmoat is measured against, each in a folder of its own, at fixed versions:
#     bench/install_rivals.sh FOLDER     then: python -m bench --only mcp --rivals FOLDER
# Needs npm, and for two of them Python 3.12 or later (PYTHON names it). What cannot be installed is left out and said.
set -u
[ $# = 1 ] || { echo "usage: $0 FOLDER" >&2; exit 1; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
uv=$(cd "$(dirname "$0")/.." && pwd)/.venv/bin/uv
[ -x "$uv" ] || { echo "no uv: run scripts/install first" >&2; exit 1; }
python=${PYTHON:-python3.12}
"$python" -c "" 2>/dev/null || echo "$python does not run: set PYTHON to a Python 3.12 for PMP, MCPg and INT" >&2

# A folder with the file "installed" is whole: it is not made again.
attempt() {
    name=$1
    shift
    [ -e "$folder/$name/installed" ] && { echo "$name: is there"; return; }
    rm -rf "${folder:?}/$name"
    mkdir -p "$folder/$name"
    if ( "$@" ) >"$folder/$name/log" 2>&1; then
        touch "$folder/$name/installed"
        echo "$name: installed"
    else
        echo "$name: could not be installed, see $folder/$name/log" >&2
    fi
}

in_venv() {
    "$python" -m venv --without-pip "$folder/$name/venv" || return 1
    for packages in "$@"; do
        # shellcheck disable=SC2086 # many words on purpose
        "$uv" pip install --python "$folder/$name/venv/bin/python" $packages || return 1
    done
}

from_npm() {
    cd "$folder/$name" || return 1
    echo '{"private": true}' >package.json
    npm install --no-audit --no-fund --loglevel error "$@"
}

# Its own pin of pglast has no wheel for this Python: one that has, and the rest by hand.
attempt PMP in_venv "--no-deps postgres-mcp==0.3.0" \
    "mcp[cli]>=1.25,<2 psycopg[binary] humanize pglast==7.20 attrs psycopg-pool instructor"
attempt MCPg in_venv "mcpg==0.8.3"
attempt INT in_venv "interdict-db==0.4.0 mcp<2"
attempt TBX from_npm "@toolbox-sdk/server@1.12.0"
attempt DBH from_npm "node@22" "@bytebase/dbhub@1.4.0"
attempt REF from_npm "@modelcontextprotocol/server-postgres"
