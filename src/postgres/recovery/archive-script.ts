/**
 * What the server runs for each segment: `sh SCRIPT ARCHIVE %f %p`. It lies in the data directory, so that whoever starts
 * the server later needs nothing of Holdfast. Exit code 1 says that the archive surely lacks the file, which ends
 * recovery or sends it to another timeline; 200 makes recovery stop instead of ending early (PostgreSQL manual,
 * "Recovering Using a Continuous Archive Backup").
 */
export const archiveScript = `#!/bin/sh
# Fetches a file of the write-ahead log from an archive: sh holdfast_restore_wal ARCHIVE FILE TARGET
# Exit 0: it is there. Exit 1: the archive surely has no such file. Exit 200: anything else, so that recovery stops.
archive=$1 file=$2 target=$3
fail() { echo "holdfast: cannot tell whether $archive has $file: $1" >&2; rm -f "$target"; exit 200; }

[ -d "$archive" ] || fail 'there is no such folder'
[ -r "$archive" ] && [ -x "$archive" ] || fail 'the folder cannot be read'

# Whoever compresses a segment removes the plain one only when the other is there: plain first, and once more.
for round in 1 2; do
  for suffix in '' .zst .gz; do
    source=$archive/$file$suffix
    [ -e "$source" ] || [ -L "$source" ] || continue
    case $suffix in
      '') cp -- "$source" "$target" ;;
      .zst) zstd -dcq -- "$source" > "$target" ;;
      .gz) gzip -dc -- "$source" > "$target" ;;
    esac && exit 0
    { [ -e "$source" ] || [ -L "$source" ]; } && fail "$source cannot be read"
    rm -f "$target"
  done
done

# A folder that can't be listed, or is empty since its disk is not mounted, proves no absence.
names=$(ls -A -- "$archive") || fail 'the folder cannot be listed'
[ -n "$names" ] || fail 'the folder is empty: is its disk mounted?'
case $file in *.history) ;; *) echo "holdfast: $file is not in the archive" >&2 ;; esac
exit 1
`;

/** Its name in the data directory. */
export const archiveScriptName = 'holdfast_restore_wal';

/** What `restore_command` is to be, for an archive in that folder. The server runs it in its data directory. */
export function restoreCommand(walFolder: string): string {
  const quoted = `'${walFolder.replaceAll("'", `'\\''`)}'`.replaceAll('%', '%%');
  return `sh ${archiveScriptName} ${quoted} "%f" "%p"`;
}
