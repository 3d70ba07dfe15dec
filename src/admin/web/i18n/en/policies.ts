/** UM dial plans and UM mailbox policies; the words are those of the Exchange admin center. */
export const policies = {
  um: 'Unified messaging',
  dialPlans: 'UM dial plans',
  dialPlan: 'UM dial plan',
  mailboxPolicies: 'UM mailbox policies',
  mailboxPolicy: 'UM mailbox policy',
  name: 'Name',
  uriType: 'URI type',
  digits: 'Extension length (digits)',
  language: 'Default language',
  policyCount: 'UM mailbox policies',
  noDialPlans: 'There is no UM dial plan yet. A dial plan says how long extensions are and how numbers are dialled.',
  noneFound: 'Nothing is called that.',
} as const;
