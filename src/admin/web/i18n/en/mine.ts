/** One's own missed calls and switch. */
export const mine = {
  title: 'My missed calls',
  switch: 'Tell me about missed calls by e-mail',
  to: 'Sent to {{address}}.',
  noAddress: 'Your mailbox has no e-mail address: nothing can be sent. Ask who administers the gateway.',
  notAllowed:
    'Your UM mailbox policy does not allow missed call notifications, so that none are sent whatever you choose here.',
  turnedOn: 'You will be told about missed calls.',
  turnedOff: 'You will not be told about missed calls any more.',
  noMailbox: 'Your account is not connected with a mailbox. Who administers the gateway can connect it.',
  none: 'You have missed no call.',
} as const;
