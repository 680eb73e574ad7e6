#!/bin/sh
# How long are clients refused while a restore replaces the database that they work with, and while it is undone?
#
#   bench/restore-under-load.sh [CLIENTS] [SCALE]
#
# Needs a PostgreSQL server that PGHOST, PGUSER ... lead to (a database "holdfast_bench" is made and dropped), its psql
# and pgbench on the PATH, and a built Holdfast (npm run build). CLIENTS of pgbench (20) connect anew for every
# transaction; one that is refused tries again 20 ms later. Their own logs tell when each transaction ended: the
# longest time without any, beside the time that Holdfast reports. SCALE (10) is pgbench's: 15 MB each.
set -eu
clients=${1:-20}
scale=${2:-10}
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
export BACKUP_DIR="$work/data" HOLDFAST_STATE_DIR="$work/state"
holdfast() { node "$here/dist/holdfast.cjs" "$@"; }

drop_all() {
  psql -Xqd postgres >/dev/null <<'SQL'
SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE datname ~ '^holdfast_bench($|__)' \gexec
SQL
}
finish() {
  touch "$work/stop"
  for pid in "$work"/pid.*; do [ ! -e "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true; done
  wait
  drop_all
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

psql -XAtd postgres -c "SELECT 'PostgreSQL ' || current_setting('server_version')"
drop_all
psql -Xqd postgres -c 'CREATE DATABASE holdfast_bench'
pgbench -iqs "$scale" holdfast_bench 2>/dev/null
psql -Xqd holdfast_bench -c "CREATE TABLE which AS SELECT 'as backed up' AS state"
holdfast -q backup holdfast_bench >/dev/null
psql -Xqd holdfast_bench -c "UPDATE which SET state = 'as it was before the restore'"
psql -XAtqd holdfast_bench -c "SELECT 'database: ' || pg_size_pretty(pg_database_size('holdfast_bench'))"

# One client: its transactions are logged with the time at which each ended.
cat >"$work/script.sql" <<'SQL'
\set aid random(1, 100000)
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
SQL
client() {
  while [ ! -e "$work/stop" ]; do
    pgbench -nC -c 1 -T 600 -f "$work/script.sql" -l --log-prefix="$work/log.$1" holdfast_bench >/dev/null 2>&1 &
    pgbench=$!
    echo "$pgbench" >"$work/pid.$1"
    wait "$pgbench" || true
    sleep 0.02
  done
}
state() { psql -XAtqd holdfast_bench -c 'SELECT state FROM which'; }
now() { date +%s%6N; }

# The longest time without any client's transaction, and the longest that one client of them went without.
gaps() { # label, from, to (microseconds)
  for log in "$work"/log.*; do
    client=${log#"$work"/log.}
    awk -v client="${client%%.*}" '{ printf "%s %d%06d\n", client, $5, $6 }' "$log"
  done | sort -n -k 2 | awk -v label="$1" -v from="$2" -v to="$3" '
    $2 >= from && $2 <= to {
      count++
      if (last && $2 - last > all) all = $2 - last
      if (seen[$1] && $2 - seen[$1] > one) one = $2 - seen[$1]
      last = $2; seen[$1] = $2
    }
    END { printf "%s: no client for %d ms, one client for %d ms at the most (%d transactions)\n", label, all / 1000, one / 1000, count }'
}

says() { sed -n 's/.*"refusedMs": \([0-9]*\).*/  Holdfast says: refused for \1 ms/p' "$1"; }

number=0
while [ "$number" -lt "$clients" ]; do
  number=$((number + 1))
  client "$number" 2>/dev/null &
done
sleep 3
calm_from=$(now)
sleep 5
calm_to=$(now)

touch "$work/told"
holdfast --json restore --latest holdfast_bench >"$work/restored.json" 2>"$work/told" &
restore=$!
until grep -q '^waits for' "$work/told"; do
  kill -0 "$restore" || { cat "$work/told"; exit 1; }
  sleep 0.1
done
swap_from=$(now)
holdfast -q approve holdfast_bench --reason 'under load' >/dev/null
wait "$restore" || { cat "$work/told"; exit 1; }
sleep 2
swap_to=$(now)
[ "$(state)" = 'as backed up' ]

previous=$(sed -n 's/.*"name": "\(holdfast_bench__before_[^"]*\)".*/\1/p' "$work/restored.json")
undo_from=$(now)
holdfast --json restore undo "$previous" >"$work/undone.json" 2>/dev/null
sleep 2
undo_to=$(now)
[ "$(state)" = 'as it was before the restore' ]
# A pgbench that is killed keeps the end of its log to itself; one that is refused does not.
touch "$work/stop"
psql -Xqd postgres -c 'ALTER DATABASE holdfast_bench ALLOW_CONNECTIONS false'
wait

echo "$clients clients, each transaction on a new connection"
gaps '5 s of calm' "$calm_from" "$calm_to"
gaps 'the swap   ' "$swap_from" "$swap_to"
says "$work/restored.json"
gaps 'the undo   ' "$undo_from" "$undo_to"
says "$work/undone.json"
