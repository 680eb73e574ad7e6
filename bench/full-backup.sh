#!/bin/sh
# How long does a verified, published backup take beside the same dump in a pipe by hand?
#
#   bench/full-backup.sh [ROWS_IN_MILLIONS] [ROUNDS]
#
# Needs a PostgreSQL server that PGHOST, PGUSER ... lead to (a database "holdfast_bench" is made and dropped), a built
# Holdfast (npm run build), pigz and zstd, and GNU time as /usr/bin/time. Both sides run in turn on the same machine; read the ratios.
set -eu
millions=${1:-6}
rounds=${2:-3}
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'dropdb --if-exists holdfast_bench; rm -rf "$work"' EXIT
export BACKUP_DIR="$work/data" HOLDFAST_STATE_DIR="$work/state" KEEP_LAST=1

dropdb --if-exists holdfast_bench
createdb holdfast_bench
psql -Xq -v ON_ERROR_STOP=1 -d holdfast_bench -c "
  CREATE TABLE ticks AS
  SELECT i AS id, 'SYM' || i % 500 AS symbol, timestamptz '2026-01-01 00:00Z' + i * interval '1 second' AS at,
         round((random() * 1000)::numeric, 4) AS price, (random() * 10000)::int AS quantity,
         md5(i::text) AS venue_order, repeat(md5((i % 1000)::text), 1) AS note
  FROM generate_series(1, ${millions} * 1000000) i;
  CREATE INDEX ON ticks (symbol, at)" -c 'ANALYZE'
psql -XAtqd holdfast_bench -c "SELECT 'database: ' || pg_size_pretty(pg_database_size('holdfast_bench'))"

seconds() { # label, command...
  label=$1
  shift
  /usr/bin/time -f '%e %M' -o "$work/time" sh -c "$*" >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }
  read -r elapsed peak <"$work/time"
  printf '%s %s s, largest process %s MB\n' "$label" "$elapsed" "$((peak / 1024))"
  echo "$elapsed" >>"$work/$label"
}

median() { sort -n "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  seconds by-hand-gzip "pg_dump holdfast_bench | pigz >'$work/hand.sql.gz' && sync '$work/hand.sql.gz'"
  seconds holdfast-gzip "node '$here/dist/src/cli/main.js' -q backup holdfast_bench --compression gzip"
  seconds by-hand-zstd "pg_dump holdfast_bench | zstd -q -3 -f -o '$work/hand.sql.zst' && sync '$work/hand.sql.zst'"
  seconds holdfast-zstd "node '$here/dist/src/cli/main.js' -q backup holdfast_bench --compression zstd"
  rm -rf "$BACKUP_DIR"
done
for method in gzip zstd; do
  awk -v a="$(median "$work/holdfast-$method")" -v b="$(median "$work/by-hand-$method")" -v m="$method" \
    'BEGIN { printf "%s: holdfast %.1f s, by hand %.1f s, ratio %.2f\n", m, a, b, a / b }'
done
