#!/usr/bin/env bash
# The Debian packages that the tests against real peers use: sipp (callers and callees), baresip (a softphone), openssl,
# tcpdump (reads what mcg trace writes), lua (runs FreeSWITCH’s script).
# More on demand, by name: `bash test/setup/debian.sh bench proxy scan browser phones`
#   bench    kamailio, beside which npm run bench measures (27 MB)
#   proxy    kamailio with TLS, a proxy on both sides of a gateway (28 MB)
#   scan     sipvicious, with which a SIP server is searched for weaknesses (7 MB)
#   browser  chromium, which calls over WebSocket (350 MB)
#   phones   linphone without a window, a second softphone that registers (22 MB)
# Run as root on Debian 12; does nothing where they are installed.
set -euo pipefail
packages=(sip-tester baresip-core openssl tcpdump lua5.4)
for group in "$@"; do
  case $group in
    bench) packages+=(kamailio) ;;
    proxy) packages+=(kamailio kamailio-tls-modules) ;;
    scan) packages+=(sipvicious) ;;
    browser) packages+=(chromium) ;;
    phones) packages+=(linphone-cli) ;;
    *) echo "There is no group $group; there are bench, proxy, scan, browser and phones." >&2; exit 2 ;;
  esac
done
missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
# RUNLEVEL: a server that a package brings is started by whoever needs it, not by the system.
RUNLEVEL=1 apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}" >/dev/null
