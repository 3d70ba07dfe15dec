/** What the page asks its server for; both sides have these types. */

export interface LabAccount {
  /** The extension that rings it, and its user name. */
  readonly number: string;
  readonly displayName: string;
  readonly password: string;
}

export interface LabFacts {
  /** `ws://127.0.0.1:5066`: where the gateway takes WebSockets. */
  readonly server: string;
  readonly realm: string;
  readonly accounts: readonly LabAccount[];
  /** Numbers worth calling besides: the voicemail, feature codes. */
  readonly others: readonly { readonly number: string; readonly displayName: string }[];
}

/** A mail that the gateway has sent. */
export interface LabMail {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}
