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
. "$(dirname "$0")/common.sh"
make_data "$data"

measure() { # label, command
  timed "$1" "$2"
  stored=$(find "$work" -name '*.sql.gz' -o -name '*.sql.zst' | xargs ls -t | grep -v globals | head -n 1)
  printf '%-18s %6s s, largest process %3s MB, stored %5s MB\n' \
    "$1" "$elapsed" "$((peak / 1024))" "$(($(stat -c %s "$stored") / 1024 / 1024))"
  case $1 in *-with-worker)
    metadata=${stored%.sql.*}.meta
    begun=$(date -d "$(sed -n 's/.*"started_at": *"\([^"]*\)".*/\1/p' "$metadata")" +%s.%N)
    stat -c %.9Y "$metadata" | awk -v begun="$begun" '{ printf "%.2f\n", $1 - begun }' >>"$work/${1%-with-worker}-run"
    ;;
  esac
}

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
  ratio "$label" "${label%%-*}-by-hand"
done
