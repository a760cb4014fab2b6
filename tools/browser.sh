#!/bin/sh
# Chromium for the tests of the panel: EVA_CHROMIUM or the one that is there, else Debian's.
set -eu
if [ -n "${EVA_CHROMIUM:-}" ]; then exit 0; fi
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if ! command -v apt-get >/dev/null; then
  echo "there is no Chromium on PATH; install one for the tests of the panel, or name it in EVA_CHROMIUM" >&2
  exit 1
fi
as_root=$([ "$(id -u)" -eq 0 ] || echo "sudo -n")
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
$as_root apt-get install -y -qq chromium fonts-dejavu-core >/dev/null
