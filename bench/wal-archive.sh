#!/bin/sh
# How fast does the archive command drain WAL beside the one that people copy from the manual, made durable by sync?
#
#   bench/wal-archive.sh [SEGMENTS] [ROUNDS]
#
# Each round has a server of its own archive the same number of segments twice, one after the other: by
# deploy/archive-wal.sh, and by `test ! -f … && cp … && sync`, taking turns at who goes first. Short rounds, and many: what
# else the machine does then meets both alike. The segments wait before the clock starts. Read the ratios, not the seconds: at least 0.8 of the rate is asked for.
#
# The server has its fsync on, as servers have: it makes its own note of each archived segment durable, too.
#
# Needs PostgreSQL's programs (PG_BIN_DIR, or on PATH), and a file system with room for 2 * SEGMENTS * 16 MB, in TMPDIR.
# As root it runs the server as user "postgres".
set -eu
segments=${1:-12}
rounds=${2:-11}
here=$(cd "$(dirname "$0")/.." && pwd)
bin=${PG_BIN_DIR:-$(dirname "$(readlink -f "$(command -v pg_ctl || ls /usr/lib/postgresql/*/bin/pg_ctl | tail -n 1)")")}
work=$(mktemp -d)
chmod 755 "$work"
data=$work/data
export PGHOST="$work" PGPORT=5997 PGUSER=postgres PGDATABASE=postgres

as_server() {
  if [ "$(id -u)" -eq 0 ]; then setpriv --reuid postgres --regid postgres --clear-groups "$@"; else "$@"; fi
}
stop_server() { [ ! -f "$data/postmaster.pid" ] || as_server "$bin/pg_ctl" -s -D "$data" -m immediate stop || :; }
trap 'stop_server; rm -rf "$work"' EXIT
query() { "$bin/psql" -XAtq -v ON_ERROR_STOP=1 "$@"; }

[ "$(id -u)" -ne 0 ] || chown postgres "$work"
as_server "$bin/initdb" -D "$data" -U postgres -A trust --no-sync >/dev/null
cat >>"$data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$work'
port = $PGPORT
archive_mode = on
archive_command = 'until test -e $work/go; do sleep 0.02; done'
max_wal_size = '100GB'
checkpoint_timeout = '1d'
autovacuum = off
synchronous_commit = off
CONF
as_server "$bin/pg_ctl" -s -D "$data" -l "$work/log" -w start

waiting() { find "$data/pg_wal/archive_status" -name '*.ready' | wc -l; }

set_command() {
  query -c "ALTER SYSTEM SET archive_command = '$(printf %s "$1" | sed "s/'/''/g")'" -c 'SELECT pg_reload_conf()' >/dev/null
}

# Full segments, since a file system may be faster with empty ones.
fill() {
  while [ "$(waiting)" -lt "$segments" ]; do
    query -c "INSERT INTO filler SELECT repeat(md5(random()::text), 240) FROM generate_series(1, 8000)"
  done
  query -c 'TRUNCATE filler' -c 'SELECT pg_switch_wal()' -c 'CHECKPOINT' >/dev/null
}

# The first call waits for the file "go", so that the others queue up without a failure, after which an archiver sleeps.
drain() { # label
  rm -f "$work/go"
  set_command "until test -e $work/go; do sleep 0.02; done; $(cat "$work/command-$1")"
  fill
  sync
  count=$(waiting)
  start=$(date +%s%N)
  touch "$work/go"
  # By the shell alone: to start programs here would cost what is measured.
  while set -- "$1" "$data"/pg_wal/archive_status/*.ready && [ -e "$2" ]; do sleep 0.05; done
  took=$((($(date +%s%N) - start) / 1000000))
  echo "$took $count" | awk '{ print $1 / $2 }' >>"$work/ms-$1"
  echo "$took $count" | awk -v label="$1" '{ printf "%-8s %3d segments, %5.1f ms each\n", label, $2, $1 / $2 }'
  rm -rf "$work/incremental/wal/"[0-9]* "$work/by-hand/"*
}

mkdir -p "$work/incremental/wal" "$work/by-hand"
cp "$here/deploy/archive-wal.sh" "$work/incremental/"
[ "$(id -u)" -ne 0 ] || chown postgres "$work/incremental/wal" "$work/by-hand"
printf %s "set -- '$work/incremental' \"%p\" \"%f\"; . \"\$1/archive-wal.sh\"" >"$work/command-holdfast"
printf %s "test ! -f $work/by-hand/%f && cp %p $work/by-hand/%f && sync" >"$work/command-by-hand"

query -c 'CREATE TABLE filler (line text)' -c 'ALTER TABLE filler ALTER line SET STORAGE EXTERNAL'
touch "$work/go"
round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  if [ $((round % 2)) -eq 1 ]; then order='holdfast by-hand'; else order='by-hand holdfast'; fi
  for label in $order; do drain "$label"; done
done
median() { sort -n "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
awk -v a="$(median "$work/ms-holdfast")" -v b="$(median "$work/ms-by-hand")" \
  'BEGIN { printf "holdfast %.1f ms, by hand %.1f ms a segment: %.2f of the rate\n", a, b, b / a }'
