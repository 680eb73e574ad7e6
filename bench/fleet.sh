#!/bin/sh
# One night of a fleet: many databases of one server, scheduled and backed up by one `holdfast up`, through a killed
# Temporal, a restart and a change of settings. Is each backed up exactly once, what does one cost, and does memory grow?
#
#   bench/fleet.sh [DATABASES]        (200)
#
# Needs a PostgreSQL server that PGHOST, PGUSER ... lead to (databases fleet_* are made and dropped), and a built Holdfast
# (npm run build). Reads processor time and memory from /proc: Linux only.
set -eu
count=${1:-200}
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
up=
cpu_before=0
holdfast() { node "$here/dist/holdfast.cjs" "$@"; }
sql() { psql -XAtq -v ON_ERROR_STOP=1 -d postgres "$@"; }
drop() {
  sql -c "SELECT format('DROP DATABASE %I;', datname) FROM pg_database WHERE datname LIKE 'fleet\\_%'" | sql
}
# Processor seconds of a process and what it has waited for.
cpu() { awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13 + $14 + $15) / tick }' "/proc/$1/stat"; }
memory() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$up/status"; }
stop_up() {
  [ -n "$up" ] || return 0
  cpu_before=$(echo "$cpu_before $(cpu "$up")" | awk '{ print $1 + $2 }')
  kill "$up" && wait "$up" || :
  up=
}
trap 'stop_up; drop; rm -rf "$work"' EXIT
export BACKUP_DIR="$work/data" HOLDFAST_STATE_DIR="$work/state" HOLDFAST_TEMPORAL_PORT=7343 HOLDFAST_UI_PORT=8343
export SCHEDULE_MONITOR=off SCHEDULE_DRILL=off MIN_DISK_SPACE_GB=0
cd "$work"

start_up() {
  node "$here/dist/holdfast.cjs" up >>"$work/up.log" 2>&1 &
  up=$!
  until [ "$(grep -c 'working for host' "$work/up.log")" -ge "$1" ]; do
    kill -0 "$up" || { cat "$work/up.log"; exit 1; }
    sleep 0.5
  done
}
backups() { ls "$BACKUP_DIR/full" 2>/dev/null | grep -c '\.meta$' || :; }
until_backups() { # how many, or the end of the run
  while [ "$(backups)" -lt "$1" ] && kill -0 "$run" 2>/dev/null; do sleep 1; done
  printf '%4s backed up: %s; up has %s MB\n' "$(backups)" "$2" "$(memory)"
}

drop
sql -c 'CREATE DATABASE fleet_0001'
psql -Xq -d fleet_0001 -c "CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 10000) i"
for n in $(seq 2 "$count"); do sql -c "CREATE DATABASE $(printf 'fleet_%04d' "$n") TEMPLATE fleet_0001"; done
start_up 1
echo "begun with $(memory) MB"
began=$(date +%s)
holdfast -q schedule trigger full >/dev/null
sleep 1
run=$up
until_backups $((count / 4)) 'Temporal is killed'
# The server's process id stands in what its supervisor tells other commands.
kill -9 "$(grep -rhoE '"serverPid":[0-9]+' "$work/state" | head -n 1 | cut -d: -f2)"
until_backups $((count / 2)) 'up is restarted'
stop_up
start_up 2
run=$up
until_backups $((count * 3 / 4)) 'the schedules are changed'
SCHEDULE_FULL='30 3 * * *' holdfast -q schedule apply --no-check
until_backups "$count" 'all'
while [ -n "$(holdfast --json status | node -e '
  const status = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  console.log(status.work.running.map(({ workflowId }) => workflowId).join("\n"))')" ]; do sleep 1; done
seconds=$(($(date +%s) - began))
once=$(holdfast --json list | node -e '
  const counts = new Map();
  for (const { database } of JSON.parse(require("node:fs").readFileSync(0, "utf8")).backups)
    if (database.startsWith("fleet_")) counts.set(database, (counts.get(database) ?? 0) + 1);
  console.log([...counts.values()].filter((each) => each === 1).length)')
used=$(echo "$cpu_before $(cpu "$up")" | awk '{ print $1 + $2 }')
echo "$once of $count databases have exactly one backup, after $seconds s"
echo "$used $count $seconds" | awk '{ printf "up and its children: %.2f s of processor time a database, %.2f s by the clock\n", $1 / $2, $3 / $2 }'
began=$(date +%s)
holdfast --json monitor >"$work/monitor.json" || :
node -e '
  const [{ counts }] = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  console.log(`monitoring: ${JSON.stringify(counts)}`)' <"$work/monitor.json"
echo "monitoring all of them took $(($(date +%s) - began)) s; up has $(memory) MB"
[ "$once" = "$count" ]
