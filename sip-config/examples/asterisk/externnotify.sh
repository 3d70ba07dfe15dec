#!/bin/sh
# Tells the missed-call gateway how many messages a mailbox has, whenever Asterisk's voicemail changes them.
#
# Needs: sh, curl 7.55 or newer.
#
# In gateway.yaml:
#   voicemail:
#     eventTokenFile: event-token        # one line, e.g. made by: openssl rand -hex 32 > event-token
# In Asterisk's voicemail.conf:
#   [general]
#   externnotify=/etc/asterisk/externnotify.sh
# The same token in /etc/asterisk/mcg-token, readable by Asterisk's user only (chmod 400).
#
# Asterisk runs this with: context, extension, new, old, urgent messages (old and urgent are missing before Asterisk 1.6:
# such counts are of no use here, since listening to a message would look like losing one).
# The extension is looked up as a number of policy.yaml; a mailbox that is not there is none of ours.

url=${MCG_URL:-http://127.0.0.1:8080}/api/v1/voicemail-events
token_file=${MCG_TOKEN_FILE:-/etc/asterisk/mcg-token}

extension=$2
new=$3
old=$4
urgent=${5:-0}

# Only digits may stand where JSON has numbers, and nothing in the extension may end its string.
case $new$old$urgent in
  *[!0-9]*) echo "externnotify: counts are not numbers: $new $old $urgent" >&2; exit 2 ;;
esac
if [ -z "$new" ] || [ -z "$old" ]; then
  echo "externnotify: new and old messages are needed, given were: $*" >&2; exit 2
fi
case $extension in
  '' | *[!0-9A-Za-z+*#._@-]*) echo "externnotify: not an extension: $extension" >&2; exit 2 ;;
esac
token=$(cat "$token_file") || exit 1

# Asterisk keeps urgent messages apart from the new ones. The token goes by standard input: arguments are seen by every
# user of the machine.
printf 'header = "Authorization: Bearer %s"\n' "$token" |
  curl --silent --show-error --fail --max-time 10 --retry 3 --config - \
    --header 'Content-Type: application/json' \
    --data "{\"number\":\"$extension\",\"messages\":{\"new\":$((new + urgent)),\"old\":$old}}" \
    "$url"
