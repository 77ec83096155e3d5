"""What runs on the host for releases only; see scripts.py."""

from __future__ import annotations

# How to get from the root to the release that the link names.
LIVE = rb"""
inner() {
  [ -h ./current ] || { [ -e ./current ] && no "current"; return 1; }
  c=$(readlink ./current)
  case $c in releases/*) c=${c#releases/};; *) return 1;; esac
  case $c in ''|*[!0-9A-Za-z-]*) return 1;; esac
  at "releases/$c" || return 1
  R=$R/releases/$c
}
"""
CURRENT = r"""
top || { fin; exit 0; }
inner && printf %s "$c"
fin
exit 0
"""
# $V: the release's name, $O: the one to copy from. In the plan, R is the new release, still below our own directory.
FILLING = rb"""
take() {
  m=$1 d=$2; shift 2
  cp -p -- "$@" "$G/r/$d" || no "take"
  for f; do set -- "$@" "$G/r/$d/${f#./}"; shift; done
  chmod -- $m "$@" || no "take"
}
old() { R=$H/releases/$O; at "$1" || no "lost"; R=$H/.pushpull-$T-0/r; }
mkdir "$G/r" || no stage
R=$H/.pushpull-$T-0/r
"""
FILLED = rb"""
R=$H
to ''
mk ./releases
to releases
[ -e "./$V" ] || [ -h "./$V" ] && no "lost"
mv -f -- "$G/r" "./$V" || no "lost"
"""
# Directory form, as for files: one rename, and what `current` points at has no say.
SWITCH = r"""
top || no "enter"
trap 'at "" && { rm -rf "./.pushpull-$T-1"; unlock; }' EXIT
trap 'exit 75' HUP INT TERM
trap '' PIPE
lock
[ -e ./current ] && [ ! -h ./current ] && no "current"
mkdir -m 700 "./.pushpull-$T-1" && ln -s "releases/$V" "./.pushpull-$T-1/current" || no "stage"
mv -f -- "./.pushpull-$T-1/current" . || no "current"
say done; fin
"""
# The arguments are names of releases.
REMOVE = r"""
top || exit 0
at releases || exit 0
for f; do rm -rf "./$f" && say "gone $f"; done
fin
exit 0
"""
