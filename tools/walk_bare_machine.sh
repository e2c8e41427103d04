#!/usr/bin/env bash
# Walk through README on a machine that has Debian 12 with its Python, and no compiler: install a wheel, train the lesson
# and a classifier of photos, open the explorer, save its page. Says how long each step takes.
#
#     sudo tools/walk_bare_machine.sh WHEEL PHOTOS [FOLDER]
#
# WHEEL   a wheel for Python 3.11 on this machine's processor (tools/zig_wheels.py makes one)
# PHOTOS  a folder with a subfolder of photos for each class; 15 photos of each of five classes are copied
# FOLDER  where the machine's file system is made, and kept for another walk. Without it, it is removed at the end.
#
# The machine is a file system made by debootstrap and entered by chroot. What has to be downloaded is downloaded before
# the clock starts; after that, the machine has no name server. Fails if a step fails, or if it takes 60 seconds or more
# from an empty folder to the report on the photos.
set -euo pipefail

SUITE=bookworm
SECONDS_ALLOWED=60
if [ $# -lt 2 ] || [ $# -gt 3 ]; then
  sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
  exit 2
fi
wheel=$(realpath "$1")
photos=$(realpath "$2")
readme=$(realpath "$(dirname "$0")/../README.md")
root=${3:-$(mktemp -d)}

if [ "$(id -u)" != 0 ]; then
  echo "Only root can enter another file system: use sudo." >&2
  exit 2
fi
command -v debootstrap >/dev/null || { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 2; }

leave() {
  for place in dev/shm proc; do
    if mountpoint -q "$root/$place"; then umount "$root/$place"; fi
  done
  if [ "$kept" = no ]; then rm -rf --one-file-system "$root"; fi
}
kept=$([ $# = 3 ] && echo yes || echo no)
trap leave EXIT

if [ ! -x "$root/usr/bin/python3" ]; then
  echo "Making a machine with Debian's Python and nothing else ..."
  debootstrap --variant=minbase --include=python3,python3-venv "$SUITE" "$root" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; exit 1; }
  rm "$root.log"
fi
mkdir -p "$root/dev/shm"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
mountpoint -q "$root/dev/shm" || mount -t tmpfs tmpfs "$root/dev/shm"

echo "Downloading what the wheel needs ..."
rm -rf "$root/wheels" "$root/walk" "$root/prepare"
mkdir "$root/wheels" "$root/walk"
cp "$wheel" "$root/wheels/"
# A proxy may have a certificate of its own.
if [ -n "${PIP_CERT:-}" ]; then install -D "$PIP_CERT" "$root$PIP_CERT"; fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" /usr/bin/env HOME=/root PATH=/usr/bin:/bin sh -ec '
  python3 -m venv /prepare
  /prepare/bin/pip wheel --quiet --wheel-dir /wheels /wheels/convoscope-*.whl
  rm -rf /prepare /root/.cache'
rm "$root/etc/resolv.conf"

for class in $(find "$photos" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort | head -n 5); do
  mkdir -p "$root/walk/my_photos/$class"
  find "$photos/$class" -maxdepth 1 -type f | sort | head -n 15 | xargs -d '\n' cp -t "$root/walk/my_photos/$class"
done
# README's lesson, as it stands there.
awk '/^## /{inside = ($0 == "## A lesson")} inside && /^```/{code = /python/; next} inside && code' "$readme" \
  >"$root/walk/lesson.py"
[ -s "$root/walk/lesson.py" ] || { echo "README has no lesson any more." >&2; exit 1; }

cat >"$root/walk/steps.sh" <<'STEPS'
set -eu
cd /walk
for program in cc c++ gcc g++ clang cmake make; do
  if command -v "$program"; then echo "This machine has a compiler." >&2; exit 1; fi
done
begun=$(date +%s)
TIMEFORMAT='%R %U %S'
step() { # NAME COMMAND...: run it, and say how long it took, and how much of the processors
  name=$1
  shift
  { time "$@" >"$name.log" 2>&1; } 2>time.txt || { echo "$name failed:"; tail -n 40 "$name.log"; exit 1; }
  awk -v name="$name" '{printf "%-22s %5.1f s   (processor time %5.1f s)\n", name, $1, $2 + $3}' time.txt
}
fetch() { # open the explorer, fetch its page at the address that it prints, and stop it
  .venv/bin/convoscope explore "$1" --no-browser >server.txt 2>&1 &
  server=$!
  for _ in $(seq 600); do
    if grep -q http: server.txt; then break; fi
    kill -0 $server || { cat server.txt; return 1; }
    sleep 0.1
  done
  .venv/bin/python -c '
import re, urllib.request
address = re.search(r"http://\S+", open("server.txt").read())[0]
page = urllib.request.urlopen(address).read().decode()
assert "<title>" in page and len(page) > 5_000, page
print(address, len(page))'
  kill $server # a shell that is no person's keeps Ctrl-C from what it starts in the background
  wait $server || [ $? = 143 ]
}
saved() { # save the page in a file, and look into it
  .venv/bin/convoscope export "$1" --html page.html
  .venv/bin/python -c '
page = open("page.html", encoding="utf-8").read()
assert "<title>" in page and len(page) > 100_000, len(page)'
}
step "an environment" python3 -m venv .venv
step "pip install" .venv/bin/pip install --no-index --find-links /wheels convoscope
step "doctor" .venv/bin/convoscope doctor
grep -q native doctor.log || { echo "The core is not used:"; cat doctor.log; exit 1; }
step "the lesson" .venv/bin/python lesson.py
step "your own photos" .venv/bin/convoscope train my_photos
report=$(($(date +%s) - begun))
run=$(echo runs/my_photos-*)
step "a prediction" .venv/bin/convoscope predict "$run" "$(find my_photos -type f | head -n 1)"
step "the explorer's page" fetch "$run"
step "the page in a file" saved "$run"
tail -n 4 "the lesson.log"
cat "your own photos.log"
echo "From an empty folder to the report on the photos: $report s"
echo "$report" >seconds
STEPS
chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/bin:/bin LANG=C.UTF-8 bash /walk/steps.sh
if [ "$(cat "$root/walk/seconds")" -ge "$SECONDS_ALLOWED" ]; then
  echo "That is too long: $SECONDS_ALLOWED s are allowed." >&2
  exit 1
fi
