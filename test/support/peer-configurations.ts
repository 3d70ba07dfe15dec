/** What stands in the configuration of a peer of the tests wherever it is started. */

/** A drachtio-server on loopback, saying as little as `logLevel` lets it. */
export function drachtioServerConfiguration(server: {
  readonly sipPort: number;
  readonly clientPort: number;
  readonly secret: string;
  /** `udp`, or `udp,tcp`. */
  readonly transports: string;
  readonly logLevel: 'error' | 'notice';
}): string {
  return `<drachtio>
  <admin port="${server.clientPort}" secret="${server.secret}">127.0.0.1</admin>
  <sip><contacts><contact>sip:127.0.0.1:${server.sipPort};transport=${server.transports}</contact></contacts></sip>
  <cdrs>false</cdrs>
  <logging><console/><sofia-loglevel>0</sofia-loglevel><loglevel>${server.logLevel}</loglevel></logging>
</drachtio>
`;
}

/** How a kamailio that stays in the way of its dialogs begins `request_route`; needs maxfwd, sl, siputils, tmx, rr and tm. */
export const KAMAILIO_WITHIN_DIALOGS = `  if (!mf_process_maxfwd_header("70")) {
    sl_send_reply("483", "Too Many Hops");
    exit;
  }
  if (is_method("CANCEL")) {
    if (t_check_trans()) t_relay();
    exit;
  }
  if (has_totag()) {
    if (loose_route() || (is_method("ACK") && t_check_trans())) t_relay();
    else if (!is_method("ACK")) sl_send_reply("404", "Not here");
    exit;
  }`;
