import type { DatabaseSync } from 'node:sqlite';
import type { MessageTotalsRecord, RegistrationRecord } from '../types.ts';

/** The statements that write what outlives the gateway beside its calls. Each function is one unit of a group commit. */
export function stateWrites(db: DatabaseSync) {
  // What is older than the journal's comes late: it says nothing new.
  const saveTotals = db.prepare(`
    INSERT INTO message_totals (mailbox, total, at) VALUES (?, ?, ?)
    ON CONFLICT (mailbox) DO UPDATE SET total = excluded.total, at = excluded.at WHERE excluded.at >= message_totals.at`);
  const forgetContacts = db.prepare('DELETE FROM registrations WHERE aor = ?');
  const saveContact = db.prepare(`
    INSERT INTO registrations
      (aor, position, contact, instance, reg_id, path, q, call_id, cseq, user_agent, source, expires_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);

  return {
    saveMessageTotals({ mailbox, total, at }: MessageTotalsRecord): void {
      saveTotals.run(mailbox, total, at);
    },

    saveRegistrations(aor: string, contacts: readonly RegistrationRecord[]): void {
      forgetContacts.run(aor);
      for (const [position, contact] of contacts.entries()) {
        saveContact.run(
          aor,
          position,
          contact.contact,
          contact.instance,
          contact.regId,
          JSON.stringify(contact.path),
          contact.q,
          contact.callId,
          contact.cseq,
          contact.userAgent,
          contact.source,
          contact.expiresAt,
        );
      }
    },
  };
}
