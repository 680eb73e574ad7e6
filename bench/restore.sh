#!/bin/sh
# How long does a restore that is proven take beside the same backup loaded by hand?
#
#   bench/restore.sh [ticks|pgbench] [ROUNDS]
#
# Each round times, one after the other: what a person does with the backup's file, createdb, gunzip into psql, and
# ANALYZE; and `holdfast restore` of it into a new database where a worker runs, which also verifies the file before
# and counts the rows of every table after: how long each of its steps took is told. Read the ratios, not the seconds.
# The data is that of bench/full-backup.sh.
#
# Needs a PostgreSQL server that PGHOST, PGUSER ... lead to (databases "holdfast_bench" and "holdfast_bench_copy" are made
# and dropped), a built Holdfast (npm run build), and GNU time as /usr/bin/time.
set -eu
data=${1:-ticks}
rounds=${2:-3}
. "$(dirname "$0")/common.sh"
make_data "$data"
start_worker
sh -c "$holdfast -q backup holdfast_bench" >/dev/null
artifact=$(ls "$BACKUP_DIR"/full/holdfast_bench_*.sql.gz | grep -v globals)
copy=holdfast_bench_copy

round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  dropdb --if-exists "$copy" 2>/dev/null
  timed by-hand "createdb $copy && gunzip -c '$artifact' | psql -Xqo /dev/null -v ON_ERROR_STOP=1 -d $copy && psql -Xqd $copy -c ANALYZE"
  echo "by hand  $elapsed s"
  dropdb "$copy"
  timed restore "$holdfast --json -q restore --latest $copy --from holdfast_bench"
  node -e '
    const { steps } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
    const told = steps.map(({ step, durationMs }) => `${step} ${(durationMs / 1000).toFixed(1)} s`);
    console.log(told.join(", "))' <"$work/out"
  echo "restore  $elapsed s"
done
dropdb "$copy"
ratio restore by-hand
