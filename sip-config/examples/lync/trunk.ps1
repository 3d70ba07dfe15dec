# Lync Server 2013 and Skype for Business Server: the gateway as a trunk, and the way around it. With ../lync-trunk/gateway.yaml.
# Not run by us: cmdlets and parameters are those of Microsoft's documentation.
#
# 1. In Topology Builder: under Shared Components > PSTN gateways add two, each with its trunk to the pool's Mediation Server, and publish:
#      mcg.example.com   192.0.2.5        listening port 5060 (TCP) or 5061 (TLS); Mediation Server port 5068 (TCP) or 5067 (TLS)
#      sbc.example.com   198.51.100.10    the PSTN gateway or SBC itself, as it was before
#    By TLS the certificate of the gateway must have mcg.example.com in it, and Lync trust its authority.

$through = "PstnGateway:mcg.example.com"
$around  = "PstnGateway:sbc.example.com"

# 2. What the trunk must tell. All of these are off by default, and without the first two nothing tells voicemail from people, and callers from each other.
New-CsTrunkConfiguration -Identity "Service:$through" -ErrorAction SilentlyContinue
Set-CsTrunkConfiguration -Identity "Service:$through" `
  -ForwardCallHistory $true `
  -ForwardPAI $true `
  -EnableReferSupport $false `
  -EnableSessionTimer $true `
  -EnableFastFailoverTimer $true `
  -EnableBypass $false
# EnableReferSupport $true hands transfers to the gateway, as REFER. $false: Lync makes the second call itself, and the gateway sees both.
# EnableFastFailoverTimer: a trunk that has not rung within 10 s is given up for the next one.

# 3. Outgoing calls: through the gateway. Where it is down (no answer to OPTIONS, or to the INVITE, or 503) Lync takes the next route of the usage.
#    Two gateways in one PstnGatewayList share the calls in turn, so the way around is a route of its own behind it.
Set-CsPstnUsage -Identity Global -Usage @{Add="Outside"}
New-CsVoiceRoute -Identity "Outside through MCG" -NumberPattern "^\+" -PstnUsages @{Add="Outside"} -PstnGatewayList @{Add=$through} -Priority 0
New-CsVoiceRoute -Identity "Outside around MCG"  -NumberPattern "^\+" -PstnUsages @{Add="Outside"} -PstnGatewayList @{Add=$around}  -Priority 1

# 4. Incoming calls are the SBC's: 192.0.2.5 first; the Mediation Server, 192.0.2.20:5068, second, with OPTIONS to both.

# What holds now:
Get-CsTrunkConfiguration -Identity "Service:$through" | Select-Object Identity, ForwardCallHistory, ForwardPAI, EnableReferSupport, EnableFastFailoverTimer
Get-CsVoiceRoute | Where-Object Name -like "Outside*" | Select-Object Name, Priority, PstnGatewayList
