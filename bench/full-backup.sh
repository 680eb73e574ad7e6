#!/bin/sh
# How long does a verified, published backup take beside the same dump in a pipe by hand?
#
#   bench/full-backup.sh [ticks|pgbench] [ROUNDS]
#
# Each round times, one after the other: the pipe by hand, with each program's own level; `holdfast backup` on its own,
# which starts a Temporal server and stops it; and `holdfast backup` where a worker runs (`holdfast worker`), as with
# schedules. Of the latter, "-run" is what the run itself took, from its dump's beginning to the published backup, as it
# does from a schedule: without the command's own start, which is the same for every size. Holdfast has its own default
# levels; zstd-3 is zstd at the level that it has by hand. Read the ratios, not the seconds; what each of them stored is
# told, too.
#
# The data, some 1 GB: "ticks" is generated and compresses to a quarter, by a busy compressor; "pgbench" is what
# pgbench makes, compresses to nothing, and keeps PostgreSQL itself busy.
#
# Needs a PostgreSQL server that PGHOST, PGUSER ... lead to (a database "holdfast_bench" is made and dropped), a built
# Holdfast (npm run build), pigz, zstd, and GNU time as /usr/bin/time.
set -eu
data=${1:-ticks}
rounds=${2:-3}
here=$(cd "$(dirname "$0")/.." && pwd)
holdfast="node '$here/dist/holdfast.cjs'"
work=$(mktemp -d)
worker=
stop_worker() {
  [ -z "$worker" ] || { kill "$worker" && wait "$worker" || :; }
  worker=
}
trap 'stop_worker; dropdb --if-exists holdfast_bench; rm -rf "$work"' EXIT
export BACKUP_DIR="$work/data" HOLDFAST_STATE_DIR="$work/state" KEEP_LAST=1

dropdb --if-exists holdfast_bench 2>/dev/null
createdb holdfast_bench
case $data in
ticks)
  psql -Xq -v ON_ERROR_STOP=1 -d holdfast_bench -c "
    CREATE TABLE ticks AS
    SELECT i AS id, 'SYM' || i % 500 AS symbol, timestamptz '2026-01-01 00:00Z' + i * interval '1 second' AS at,
           round((random() * 1000)::numeric, 4) AS price, (random() * 10000)::int AS quantity,
           md5(i::text) AS venue_order, repeat(md5((i % 1000)::text), 1) AS note
    FROM generate_series(1, 6000000) i;
    CREATE INDEX ON ticks (symbol, at)" -c 'ANALYZE'
  ;;
pgbench) pgbench -i -q -s 68 holdfast_bench 2>/dev/null ;;
*) echo "no such data: $data" >&2 && exit 2 ;;
esac
psql -XAtqd holdfast_bench -c 'CHECKPOINT' -c "SELECT '$data: ' || pg_size_pretty(pg_database_size('holdfast_bench'))"

measure() { # label, command
  label=$1
  shift
  /usr/bin/time -f '%e %M' -o "$work/time" sh -c "$*" >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }
  read -r elapsed peak <"$work/time"
  echo "$elapsed" >>"$work/$label"
  stored=$(find "$work" -name '*.sql.gz' -o -name '*.sql.zst' | xargs ls -t | grep -v globals | head -n 1)
  printf '%-18s %6s s, largest process %3s MB, stored %5s MB\n' \
    "$label" "$elapsed" "$((peak / 1024))" "$(($(stat -c %s "$stored") / 1024 / 1024))"
  case $label in *-with-worker)
    metadata=${stored%.sql.*}.meta
    begun=$(date -d "$(sed -n 's/.*"started_at": *"\([^"]*\)".*/\1/p' "$metadata")" +%s.%N)
    stat -c %.9Y "$metadata" | awk -v begun="$begun" '{ printf "%.2f\n", $1 - begun }' >>"$work/${label%-with-worker}-run"
    ;;
  esac
}

start_worker() {
  node "$here/dist/holdfast.cjs" worker >"$work/worker.log" 2>&1 &
  worker=$!
  until grep -q 'working for host' "$work/worker.log"; do sleep 0.2; done
}

median() { sort -n "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  measure gzip-by-hand "pg_dump holdfast_bench | pigz >'$work/hand.sql.gz' && sync '$work/hand.sql.gz'"
  measure gzip-alone "$holdfast -q backup holdfast_bench --compression gzip"
  measure zstd-by-hand "pg_dump holdfast_bench | zstd -q -3 -f -o '$work/hand.sql.zst' && sync '$work/hand.sql.zst'"
  measure zstd-alone "$holdfast -q backup holdfast_bench --compression zstd"
  start_worker
  measure gzip-with-worker "$holdfast -q backup holdfast_bench --compression gzip"
  measure zstd-with-worker "$holdfast -q backup holdfast_bench --compression zstd"
  measure zstd-3-with-worker "$holdfast -q backup holdfast_bench --compression zstd --level 3"
  stop_worker
  rm -rf "$BACKUP_DIR"
done
for label in gzip-alone gzip-with-worker gzip-run zstd-alone zstd-with-worker zstd-run zstd-3-with-worker zstd-3-run; do
  awk -v a="$(median "$work/$label")" -v b="$(median "$work/${label%%-*}-by-hand")" -v what="$label" \
    'BEGIN { printf "%-18s %6.1f s, by hand %6.1f s, ratio %.2f\n", what, a, b, a / b }'
done
