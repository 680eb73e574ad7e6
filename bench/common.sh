# What the benchmarks of backups and restores share; read by them, not run. It stops what it started at their end.

here=$(cd "$(dirname "$0")/.." && pwd)
holdfast="node '$here/dist/holdfast.cjs'"
work=$(mktemp -d)
worker=
stop_worker() {
  [ -z "$worker" ] || { kill "$worker" && wait "$worker" || :; }
  worker=
}
start_worker() {
  node "$here/dist/holdfast.cjs" worker >"$work/worker.log" 2>&1 &
  worker=$!
  until grep -q 'working for host' "$work/worker.log"; do sleep 0.2; done
}
trap 'stop_worker; dropdb --if-exists holdfast_bench; rm -rf "$work"' EXIT
export BACKUP_DIR="$work/data" HOLDFAST_STATE_DIR="$work/state" KEEP_LAST=1

# Makes the database "holdfast_bench", some 1 GB: "ticks" or "pgbench".
make_data() {
  dropdb --if-exists holdfast_bench 2>/dev/null
  createdb holdfast_bench
  case $1 in
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
  *) echo "no such data: $1" >&2 && exit 2 ;;
  esac
  psql -XAtqd holdfast_bench -c 'CHECKPOINT' -c "SELECT '$1: ' || pg_size_pretty(pg_database_size('holdfast_bench'))"
}

# Runs a command, notes its seconds under the label, and leaves "$elapsed" and "$peak" (KB of its largest process).
timed() { # label, command
  /usr/bin/time -f '%e %M' -o "$work/time" sh -c "$2" >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }
  read -r elapsed peak <"$work/time"
  echo "$elapsed" >>"$work/$1"
}

median() { sort -n "$work/$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

# Prints the ratio of two labels' medians.
ratio() { # label, label of what was done by hand
  awk -v a="$(median "$1")" -v b="$(median "$2")" -v what="$1" \
    'BEGIN { printf "%-18s %6.1f s, by hand %6.1f s, ratio %.2f\n", what, a, b, a / b }'
}
