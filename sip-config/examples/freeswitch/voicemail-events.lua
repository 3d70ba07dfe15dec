-- Tells the missed-call gateway what FreeSWITCH's voicemail (mod_voicemail) did: a message was left, how many there are.
--
-- Needs: mod_lua, curl.
--
-- In gateway.yaml:
--   voicemail:
--     eventTokenFile: event-token        # one line, e.g. made by: openssl rand -hex 32 > event-token
-- In FreeSWITCH's autoload_configs/lua.conf.xml (scripts/ is where this file goes):
--   <hook event="CUSTOM" subclass="vm::maintenance" script="voicemail-events.lua"/>
-- The same token in /etc/freeswitch/mcg-token, readable by FreeSWITCH's user only (chmod 400).
--
-- VM-User is looked up as a number of policy.yaml; a mailbox that is not there is none of ours. FreeSWITCH says nothing
-- when a caller leaves without a message: the gateway learns that from counts that do not rise.

local url = (os.getenv("MCG_URL") or "http://127.0.0.1:8080") .. "/api/v1/voicemail-events"
local token_file = os.getenv("MCG_TOKEN_FILE") or "/etc/freeswitch/mcg-token"

-- A string as JSON has it (RFC 8259 section 7).
local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(char) return string.format("\\u%04x", char:byte()) end) .. '"'
end

-- A string as curl's configuration has it.
local function configured(text)
  return '"' .. text:gsub('["\\]', "\\%0") .. '"'
end

local function header(name)
  local value = event:getHeader(name)
  if value == nil or value == "" or value == "_undef_" then return nil end
  return value
end

local action, user = header("VM-Action"), header("VM-User")
local body

if action == "leave-message" and user then
  body = '{"number":' .. quoted(user) .. ',"event":"left"'
  local seconds = tonumber(header("VM-Message-Len"))
  local caller, uuid = header("VM-Caller-ID-Number"), header("VM-UUID")
  if seconds then body = body .. ',"durationSeconds":' .. string.format("%d", math.floor(seconds)) end
  if caller then body = body .. ',"caller":' .. quoted(caller) end
  if uuid then body = body .. ',"call":' .. quoted(uuid) end
  body = body .. "}"
elseif action == "mwi-update" and user then
  -- Urgent messages are among these.
  local new, old = tonumber(header("VM-Total-New")), tonumber(header("VM-Total-Saved"))
  if new and old then
    body = '{"number":' .. quoted(user) .. string.format(',"messages":{"new":%d,"old":%d}}', new, old)
  end
end

if body then
  local file = assert(io.open(token_file), "voicemail-events: " .. token_file .. " cannot be read")
  local token = file:read("*l")
  file:close()
  -- All of it by standard input: nothing that came from a call is a word of a shell, and the token is in no argument.
  local curl = assert(io.popen("curl --silent --show-error --fail --max-time 10 --retry 3 --output /dev/null --config -", "w"))
  curl:write("url = ", configured(url), "\n")
  curl:write("header = ", configured("Authorization: Bearer " .. token), "\n")
  curl:write('header = "Content-Type: application/json"\n')
  curl:write("data = ", configured(body), "\n")
  curl:close()
end
