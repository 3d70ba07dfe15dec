const FIRST_EXTENSION = 100_000;

/** Extension of the mailbox with this number, from 0. */
export function extensionOf(index: number): string {
  return String(FIRST_EXTENSION + index);
}

/** A policy.yaml with so many mailboxes (at most 900,000), each with one extension and one SIP address. */
export function policyText(mailboxes: number): string {
  const lines = [
    'dialPlans:',
    '  - { name: Main, uriType: TelExtn, numberOfDigitsInExtension: 6, countryOrRegionCode: "33", defaultLanguage: en-US, timeZone: Europe/Paris, numberPrefixes: ["+331"] }',
    'mailboxPolicies:',
    '  - { name: Main Default Policy, dialPlan: Main, allowMissedCallNotifications: true }',
    'mailboxes:',
  ];
  for (let index = 0; index < mailboxes; index += 1) {
    const extension = extensionOf(index);
    lines.push(
      `  - { identity: user${extension}, displayName: User ${extension}, emailAddress: user${extension}@example.com, extensions: ["${extension}"], sipAddresses: ["sip:user${extension}@example.com"], mailboxPolicy: Main Default Policy }`,
    );
  }
  return `${lines.join('\n')}\n`;
}
