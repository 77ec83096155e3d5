"""What runs on the host: POSIX shell, for dash, busybox and the BSDs alike.

A script arrives on standard input between two lines that hold the same random word. It is read by the shell itself,
byte by byte, and run only when the second one has come, so that a connection that is cut never turns half a script
into another one. What follows it on standard input is the script's own input. Its answer ends with the same word
(`fin`), because an account may have something to say after it.

Directories are entered by `at`: change there, then ask the kernel where we are. The answer equals the path only if no
component was a link, and from then on relative names hold whatever is swapped above. In an apply the answer comes
through a file in the stage, because a process for each directory costs more than the files in it; where that says
anything else, a process is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

BOOTSTRAP = (
    "exec sh -c '"
    'LC_ALL=C; export LC_ALL; unset CDPATH ENV; n=$(printf "\\n."); n=${n%.}; s=; '
    "IFS= read -r e || exit 97; "
    'while IFS= read -r l; do [ "$l" = "$e" ] && { printf "%s\\n" "$e"; eval "$s"; exit $?; }; s=$s$l$n; done; '
    "exit 97'"
)
REFUSED, CUT = 66, 75
WORDS, BYTES = 100, 24_000  # of one command
LOCK = "./.pushpull-000000000000-0"

# $P: the directory above the root, $N: the root's name. Prints nothing; R is the root's real path. $n is a newline, by
# BOOTSTRAP; G is the stage, once there is one.
COMMON = r"""
umask 022
G=
say() { printf '%s\n' "$1" || exit 75; }
fin() { printf %s "$e"; }
no() { printf 'no %s\n' "$1"; fin; exit 66; }
where() { W=$(pwd -P && echo .); W=${W%??}; }
here() {
  case ${G:+staged}$1 in
  staged*"$n"*) ;;
  staged*) { pwd -P > "$G/at" && { IFS= read -r W && ! IFS= read -r X; } < "$G/at" && [ "$W" = "$1" ]; } && return;;
  esac 2>/dev/null
  where && [ "$W" = "$1" ]
}
at() { cd -P -- "$R${1:+/$1}" 2>/dev/null && here "$R${1:+/$1}"; }
top() {
  cd -P -- "$P" 2>/dev/null || return 1
  where; R=${W%/}/$N
  [ -h "./$N" ] && no "link"
  [ -e "./$N" ] || return 1
  [ -d "./$N" ] || no "file"
  at '' || no "enter"
}
make_top() {
  mkdir -p -- "$P" || no "make"
  cd -P -- "$P" || no "make"
  [ -e "./$N" ] || [ -h "./$N" ] || mkdir "./$N" || no "make"
  top || no "enter"
}
need() { for t; do command -v "$t" >/dev/null 2>&1 || no "tool $t"; done; }
"""

# Facts: kind, permissions, size, mtime, ctime, inode and device, NUL, path, NUL, text of a link, NUL.
FACTS = r"""
F='%y %m %s %T@ %C@ %i %D\0%p\0%l\0'
S='%f %s %Y %Z %i %d %n'
form() {
  if find . -maxdepth 0 -printf x >/dev/null 2>&1; then k=find
  elif stat -c "$S" . >/dev/null 2>&1; then k=stat
  elif stat -f '%Xp %z %m %c %i %d %N' . >/dev/null 2>&1; then k=bsd
  else no "tool find -printf or stat"; fi
  case $FORM in ?*) k=$FORM;; esac
  say "$k $(date +%s)"
}
I='for f; do printf "%s\0" "$f"; done; printf "\0"; '
stats() {
  case $k in
  stat) xargs -0 sh -c "$I"'stat -c "%f %s %Y %Z %i %d %n" "$@"; printf "\0"' sh;;
  bsd) xargs -0 sh -c "$I"'stat -f "%Xp %z %m %c %i %d %N" "$@"; printf "\0"' sh;;
  esac
}
"""
LOOK = """
top || { say absent; fin; exit 0; }
inner || { say absent; fin; exit 0; }
form
if [ $k = find ]; then find . -printf "$F"; else find . -print0 | stats; fi
printf end; fin
"""
LOOK_AT = """
top || { say absent; fin; exit 0; }
inner || { say absent; fin; exit 0; }
form
if [ $k = find ]; then xargs -0 sh -c 'f=$1; shift; find "$@" -maxdepth 0 -printf "$f"' sh "$F"; else stats; fi
printf end
"""
FIN = "fin\n"
SHA256 = r"""
tool() {
  if command -v sha256sum; then D=sha256sum
  elif command -v shasum; then D='shasum -a 256'
  elif command -v sha256; then D='sha256 -r'
  elif command -v openssl; then D='openssl dgst -sha256 -r'
  else no "tool sha256sum"; fi >/dev/null 2>&1
}
"""
DIGESTS = r"""
top || exit 0
inner || exit 0
tool
xargs -0 $D
say end; fin
"""
# After LOOK_AT, in the place of FIN: those of its arguments that are files, with no link above them, are digested in
# the same breath.
DIGESTS_TOO = r"""
file() {
  [ -f "$1" ] || return
  p=$1
  while [ ! -h "$p" ]; do case $p in ./*/*) p=${p%/*};; *) return 0;; esac; done
  return 1
}
for f; do shift; file "$f" && set -- "$@" "$f"; done
printf '\0'
if [ $# -gt 0 ]; then tool; $D "$@" 2>/dev/null; fi
say end; fin
"""
# One line for each path, in order: its blob id and its SHA-256, or "-" for what is no readable file.
BLOBS = r"""
top || exit 0
inner || exit 0
if command -v sha1sum; then A=sha1sum B=sha256sum
elif command -v shasum; then A=shasum B='shasum -a 256'
elif command -v sha1; then A='sha1 -r' B='sha256 -r'
elif command -v openssl; then A='openssl dgst -sha1 -r' B='openssl dgst -sha256 -r'
else no "tool sha1sum"; fi >/dev/null 2>&1
export A B
xargs -0 sh -c 'for f; do
  if [ -f "$f" ] && [ ! -h "$f" ] && s=$(wc -c < "$f") && a=$({ printf "blob %d\0" $s; cat "$f"; } | $A) &&
    b=$($B < "$f"); then printf "%s %s\n" "${a%%[ *]*}" "${b%%[ *]*}"; else echo -; fi
done' sh 2>/dev/null
say end; fin
"""
LINKS = r"""
top || exit 0
inner || exit 0
xargs -0 sh -c 'for f; do readlink -n "$f"; printf "\0"; done' sh
printf end; fin
"""
# What stands at one path, before and after it was read: equal facts vouch for what lies between. $D, $B, $M: directory,
# name, limit.
READ = r"""
top || exit 0
inner || exit 0
at "$D" || exit 0
form
facts() { if [ $k = find ]; then find "./$B" -maxdepth 0 -printf "$F"; else printf '%s\0' "./$B" | stats; fi; }
f=$(facts | tr '\000' '\001'; echo .)
if [ -h "./$B" ]; then printf 'link\0'; readlink -n "./$B"
elif [ -f "./$B" ] && [ -r "./$B" ]; then printf 'file\0'; head -c "$M" "./$B"
else printf 'none\0'; fi
g=$(facts | tr '\000' '\001'; echo .)
[ "$f" = "$g" ] && printf '\nsame' || printf '\nmoved'
fin
"""

# One run at a time. Whoever calls this is the only one who may work here (the control plane sees to that), so that the
# holder of a lock is the orphan of a connection that was cut: it is ended.
LOCKING = r"""
L=./.pushpull-000000000000-0
ident() {
  if [ -r /proc/$1/stat ]; then IFS= read -r s 2>/dev/null < /proc/$1/stat && set -- ${s##*) } && printf %s "${20}"
  else ps -o lstart= -p "$1" 2>/dev/null | tr -d ' :\n'; fi
}
unlock() { [ "$(readlink $L 2>/dev/null)" = "$me" ] && rm -f $L; }
lock() {
  need readlink
  me="pushpull=$$=$(ident $$)"; i=0
  until ln -s "$me" $L 2>/dev/null; do
    if [ ! -h $L ]; then
      [ -e $L ] && no "lock"
      [ $i -gt 20 ] && no "denied $(ln -s "$me" $L 2>&1)"
    else
      o=$(readlink $L 2>/dev/null); o=${o#pushpull=}; p=${o%%=*}
      case $p in
      ''|*[!0-9]*) rm -f $L;;
      *)
        if [ -n "$(ident $p)" ] && [ "$(ident $p)" = "${o#*=}" ]; then
          [ $i -gt 100 ] && no "busy"
          q=TERM; [ $i -gt 40 ] && q=KILL
          kill -$q -$p 2>/dev/null || kill -$q $p 2>/dev/null
          sleep 0.1 2>/dev/null || sleep 1
        else rm -f $L; fi;;
      esac
    fi
    i=$((i+1))
  done
}
"""
# After an interruption: end whoever still works here, and remove what it left. $T: its token.
SETTLE = r"""
top || { say done; fin; exit 0; }
trap 'at "" && unlock' EXIT
trap 'exit 75' HUP INT TERM
trap '' PIPE
lock
rm -rf "./.pushpull-$T-0" "./.pushpull-$T-1" || no "sweep"
say done; fin
"""
# $T: token. The stream is unpacked into a directory of its own; the plan is its last member and ends with a line that
# says so, and only a whole plan is run. Directories inherit what their own directory hands down (set-group-ID), and
# files get the group of such a directory, where the account may give it.
APPLY = r"""
need tar
make_top
trap 'G=; at "" && { rm -rf "./.pushpull-$T-0"; unlock; }' EXIT
trap 'exit 75' HUP INT TERM
trap '' PIPE
lock
mkdir -m 700 "./.pushpull-$T-0" || no "stage"
at ".pushpull-$T-0" || no "enter"
tar -xmf - || no "unpack"
[ "$(tail -n 1 plan 2>/dev/null)" = "#end $T" ] || exit 75
G=$R/.pushpull-$T-0
(exec 9<.) 2>/dev/null && exec 9<.
if ls -d /proc/self/fd/9/plan >/dev/null 2>&1; then G=/proc/self/fd/9; fi
H=$R
to() { at "$1" || no "lost"; }
put() { [ -g . ] && group "$@"; mv -f -- "$@" . || no "put"; }
group() { g=$(ls -ldn . | { read -r x x x g x; printf %s "$g"; }) && chgrp -- "$g" "$@" 2>/dev/null; }
rid() {
  rm -f -- "$@" 2>/dev/null && return
  for f; do
    [ -e "$f" ] || [ -h "$f" ] || continue
    [ -d "$f" ] && [ ! -h "$f" ] && continue
    rm -f -- "$f"; no "rid"
  done
}
mk() {
  for f; do
    shift
    [ -h "$f" ] && { rm -f -- "$f" || no "mk"; }
    [ -d "$f" ] || set -- "$@" "$f"
  done
  [ $# -eq 0 ] || mkdir -- "$@" || no "mk"
}
hollow() { find "$1" -depth -type d -exec rmdir {} \; 2>/dev/null; }
. "$G/plan" || exit 75
G=
at '' || no "lost"
rm -rf "./.pushpull-$T-0"
unlock
trap - EXIT
say "done"; fin
"""


def quoted(text: bytes) -> bytes:
    """A word for the shell, whatever it holds."""
    return b"'" + text.replace(b"'", b"'\\''") + b"'"


def setting(**values: bytes) -> bytes:
    """Lines that set variables."""
    return b"".join(b"%b=%b\n" % (name.encode(), quoted(value)) for name, value in values.items())


def batches(words: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Words that fit into one command."""
    part: list[bytes] = []
    size = 0
    for word in words:
        if part and (len(part) >= WORDS or size + len(word) > BYTES):
            yield part
            part, size = [], 0
        part.append(word)
        size += len(word) + 1
    if part:
        yield part
