#!/bin/sh
# PostgreSQL's archive_command for Holdfast: puts one WAL file into the archive, durable and whole, or fails.
#
#   archive_command = 'set -- ''/srv/backups/incremental'' "%p" "%f"; . "$1/archive-wal.sh"'
#
# The archive is the folder "wal" beside this script; `holdfast wal setup` makes it and installs the script.
# Exit 0: the archive has the file with these very bytes, and a power cut won't take it away. Exit 1: anything else; the
# server keeps the segment, and tries again. Never above 125, by which the server's archiver would end.
#
#   sh archive-wal.sh FOLDER --check     whether this user can archive in FOLDER
#
# POSIX sh and five common programs: dd, link, touch, rm, sync; cmp where a file is archived again, and zstd or gzip
# where that one is compressed. No more, for starting them is what a segment costs beside the copy itself; so the
# server's shell reads this file rather than start another one, and the last three run at the same time.

fail() {
  printf 'holdfast: archive %s: %s\n' "$name" "$*" >&2
  exit 1
}

# Copies $source to $partial, a name that nobody had, and makes the copy durable.
copy() {
  # With noclobber this creates the file or fails, and follows no link. Not by ":", whose failure ends the shell.
  true >"$partial" || fail "cannot create a file in $partials"
  # Not cp or cat: newer ones let the copy share its blocks with the server's file (XFS, Btrfs).
  words=$(dd if="$source" of="$partial" bs=1048576 conv=fsync 2>&1) || fail "cannot copy $source: ${words%%"$newline"*}"
}

# Gives the copy its name, unless there is a file of this name.
publish() {
  words=$(link "$partial" "$final" 2>&1) || {
    # Another call for the same file was faster.
    [ -e "$final" ] || [ -L "$final" ] || fail "$words"
    confirm
  }
  trap - EXIT
  rm -f "$partial" &
  # The time of the last byte, rather than of the archiving, which may lag behind.
  touch -r "$source" "$final" &
  touching=$!
  sync "$archive" || fail "cannot make its name in $archive durable"
  wait "$touching" || fail "cannot set the time of $final"
  wait
  exit 0
}

# The archive has the name already: success when it has the same bytes.
confirm() {
  require_file "$final"
  cmp -s "$source" "$final" || differs "$final" "$(($(wc -c <"$final"))) bytes"
  # Whoever put it there may have died before it was durable.
  sync "$final" "$archive" || fail "cannot make $final durable"
  exit 0
}

# The same where it stands there compressed.
confirm_compressed() {
  require_file "$1"
  unpack "$1" >/dev/null || fail "$1 cannot be read; $source stays with the server"
  unpack "$1" | cmp -s "$source" - || differs "$1" compressed
  exit 0
}

unpack() {
  case $1 in
  *.zst) zstd -dcq "$1" ;;
  *) gzip -dc "$1" ;;
  esac
}

differs() {
  fail "$1 ($2) is there with other bytes than $source ($(($(wc -c <"$source"))) bytes), and nothing is overwritten:" \
    "another server may archive here, or a copy was cut short; move it away if it is not needed"
}

require_file() {
  [ ! -L "$1" ] || fail "$1 is a symbolic link, and none is followed"
  [ -f "$1" ] || fail "$1 is no regular file"
}

require_folders() {
  [ ! -L "$archive" ] || fail "$archive is a symbolic link, and none is followed"
  [ -d "$archive" ] || fail "there is no folder $archive; is its disk mounted?"
  # Another call may make it at the same moment.
  [ -d "$partials" ] || words=$(mkdir -m 700 "$partials" 2>&1) || [ -d "$partials" ] || fail "$words"
  [ ! -L "$partials" ] || fail "$partials is a symbolic link, and none is followed"
}

# What calls for this file left that were killed. Another file's is left to its own next call.
remove_leftovers() {
  for leftover in "$partials/$name".*; do
    [ -e "$leftover" ] || [ -L "$leftover" ] || continue
    [ "$leftover" != "$partial" ] && kill -0 "${leftover##*.}" 2>/dev/null || rm -f "$leftover"
  done
}

check() {
  for program in dd link touch rm sync cmp; do
    command -v "$program" >/dev/null || fail "there is no program \"$program\" on PATH ($PATH)"
  done
  true >"$partial" && true >"$archive/.partial-check.$$" || fail "cannot create a file in $archive"
  rm -f "$archive/.partial-check.$$"
  words=$(dd if=/dev/null of="$partial" conv=fsync 2>&1) || fail "dd can't make a file durable: $words"
  link "$partial" "$partial.2" || fail "the file system of $archive has no hard links, which publish a file safely"
  rm -f "$partial.2"
  sync "$archive" || fail "cannot make names in $archive durable"
  exit 0
}

archive_file() {
  [ -f "$source" ] || fail "there is no file $source"
  remove_leftovers
  [ ! -e "$final" ] && [ ! -L "$final" ] || confirm
  for suffix in zst gz; do
    [ ! -e "$final.$suffix" ] && [ ! -L "$final.$suffix" ] || confirm_compressed "$final.$suffix"
  done
  copy
  publish
}

newline='
'

# The shell has read all of this file when it gets here, should somebody replace it meanwhile.
main() {
  set -uC
  umask 027
  archive=${1-}/wal
  partials=$archive/.partial
  source=${2-}
  name=${3-check}
  final=$archive/$name
  partial=$partials/$name.$$
  case $name in
  '' | .* | *[!0-9A-Za-z.]*) fail "that is no name of a WAL file" ;;
  esac
  [ "$#" -eq 3 ] || [ "$#$source" = 2--check ] || fail "three arguments are needed: the folder, \"%p\" and \"%f\""
  require_folders
  trap 'rm -f "$partial"' EXIT
  # QUIT is what an immediate shutdown sends to the archiver and its children.
  trap 'exit 1' HUP INT QUIT TERM
  [ "$source" != --check ] || check
  archive_file
}

main "$@"
