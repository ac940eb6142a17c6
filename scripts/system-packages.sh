#!/bin/sh
# Make sure that parts of the system are there; install the ones that are missing, or say the one line to type.
# Usage: system-packages.sh [python] [npm] [postgis] [browser] [compose] [gdal] [office] [wrk]
set -eu

has() { command -v "$1" >/dev/null 2>&1; }

has_postgis() {
    for control in /usr/share/postgresql/*/extension/postgis.control \
        /opt/homebrew/share/postgresql*/extension/postgis.control /usr/local/share/postgresql*/extension/postgis.control; do
        [ -e "$control" ] && return 0
    done
    has pg_config && [ -e "$(pg_config --sharedir)/extension/postgis.control" ]
}

# Chinese text without a font for it is a row of boxes, so the fonts count as part of the browser.
has_browser() { { has chromium || has chromium-browser; } && [ -n "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ]; }

has_python() {
    "${PYTHON:-python3}" -c 'import sys, ensurepip, venv; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null
}

has_npm() { has npm; }

has_compose() { has docker-compose || docker compose version >/dev/null 2>&1; }

has_gdal() { has ogr2ogr; }

# Sheets and letters are packages of their own on Debian; elsewhere the office comes whole.
has_office() {
    has soffice && has pdftoppm || return 1
    [ ! -d /usr/lib/libreoffice/program ] || [ -e /usr/lib/libreoffice/program/libswlo.so ]
}

has_wrk() { has wrk; }

debian() {
    case $1 in
    python) echo python3 python3-venv ;;
    npm) echo nodejs npm ;;
    postgis) echo postgresql-postgis ;;
    browser) echo chromium fonts-noto-cjk fontconfig ;;
    compose) echo docker-compose ;;
    gdal) echo gdal-bin ;;
    office) echo libreoffice-calc libreoffice-writer poppler-utils ;;
    wrk) echo wrk ;;
    esac
}

brew_names() {
    case $1 in
    python) echo python@3.12 ;;
    npm) echo node ;;
    postgis) echo postgis ;;
    browser) echo --cask chromium ;;
    compose) echo docker-compose ;;
    gdal) echo gdal ;;
    office) echo --cask libreoffice poppler ;;
    wrk) echo wrk ;;
    esac
}

missing=""
for part in "$@"; do
    "has_$part" || missing="$missing $part"
done
[ -n "$missing" ] || exit 0

if has apt-get; then
    packages=""
    for part in $missing; do packages="$packages $(debian "$part")"; done
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        if has sudo && sudo -n true 2>/dev/null; then
            as_root="sudo -n"
        else
            echo "missing:$missing. Type: sudo apt-get update && sudo apt-get install -y$packages" >&2
            exit 1
        fi
    fi
    echo "installing:$packages"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $packages >/dev/null
elif has brew; then
    for part in $missing; do
        # shellcheck disable=SC2046
        brew install $(brew_names "$part")
    done
else
    echo "missing:$missing. Install PostgreSQL with PostGIS, Python 3.11+, npm and Chromium by hand." >&2
    exit 1
fi

for part in $missing; do
    "has_$part" || { echo "$part was installed but is still not found" >&2; exit 1; }
done
