/** Hunt groups. */
export const groups = {
  title: 'Hunt groups',
  group: 'Hunt group',
  new: 'New hunt group',
  none: 'There is no hunt group yet.',
  members: 'Members',
  membersHint: 'Identities of mailboxes, or numbers; one a line, in the order in which they ring.',
  ring: 'How they ring',
  rings: { simultaneous: 'All at once', serial: 'One after the other' },
  ringTimeout: 'How long they ring (seconds)',
  ringTimeoutHint: '0: as long as any number does.',
  notify: 'Who is told of a missed call',
  notifies: {
    nobody: 'Nobody',
    group: 'The group’s mailbox',
    first: 'Who rang first',
    last: 'Who rang last',
    all: 'All who rang',
  },
  mailbox: 'The group’s mailbox',
  mailboxHint: 'The identity of a mailbox; empty: none.',
  removeText: 'Its number rings nobody any more.',
} as const;
