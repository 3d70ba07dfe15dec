#!/usr/bin/env bash
# The Debian packages that the tests against real peers use: sipp (callers and callees), baresip (a softphone), openssl.
# Run as root on Debian 12; does nothing where they are installed.
set -euo pipefail
packages=(sip-tester baresip-core openssl)
missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}" >/dev/null
