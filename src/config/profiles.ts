import type { PeerConfig, Profile } from './types.ts';

/** The keys of a peer that its profile sets where the file does not. */
export type ProfileDefaults = Readonly<
  Pick<
    PeerConfig,
    | 'trustReason'
    | 'trustCallerId'
    | 'optionsMs'
    | 'diversion'
    | 'reliableProvisional'
    | 'sessionExpiresMs'
    | 'numberFormat'
    | 'userPhone'
    | 'followRedirects'
  >
>;

const GENERIC: ProfileDefaults = {
  // A PBX knows who took the call elsewhere, and is the only one to know (RFC 3326).
  trustReason: true,
  // RFC 3325 3: a peer is in the trust domain, or it would be none.
  trustCallerId: true,
  // Not every system answers OPTIONS, and one that does not would pass for dead.
  optionsMs: null,
  diversion: 'all',
  // RFC 3262 4: who wants its 18x acknowledged insists by 421, and gets it.
  reliableProvisional: 'off',
  // RFC 4028: who wants a session timer asks for one, and gets it.
  sessionExpiresMs: null,
  numberFormat: 'as-dialled',
  userPhone: false,
  followRedirects: false,
};

export const PROFILE_DEFAULTS: Readonly<Record<Profile, ProfileDefaults>> = {
  generic: GENERIC,
  // app_dial cancels the others with "Call completed elsewhere" only where somebody answered; qualify needs no peer that asks back.
  asterisk: GENERIC,
  freeswitch: {
    ...GENERIC,
    // mod_sofia says "answered elsewhere" too where the caller of a forked call hangs up (FreeSWITCH issue 1426).
    trustReason: false,
  },
  // Its trunk tells who was dialled first by Diversion, takes History-Info for nothing, and asks for its own session timer.
  cucm: GENERIC,
  lync: {
    ...GENERIC,
    // The Mediation Server takes a trunk that is silent for down, and is in its turn down where it does not answer.
    optionsMs: 30_000,
    reliableProvisional: 'supported',
    // Its numbers are +E.164 with ;user=phone; others match no normalisation rule of a trunk.
    numberFormat: 'e164',
    userPhone: true,
  },
  'exchange-um': {
    ...GENERIC,
    // Of several it takes the original called party's for a call of its own (the auto attendant answers).
    diversion: 'single',
    // The call router answers 302 to the service's port, the service 302 to its worker's.
    followRedirects: true,
  },
};

/** Systems that have no UDP: their hops say ;transport=tcp or tls. */
export const STREAMS_ONLY: Readonly<Partial<Record<Profile, string>>> = {
  'exchange-um': 'Exchange UM has no UDP',
  lync: 'a Lync Mediation Server has no UDP',
};
