import { SipHeaders, serialize, type SipMessage } from '../../sip/index.ts';

/**
 * Names that drachtio-srf does not read as they stand: it decodes %-escapes, so that `%50-Asserted-Identity` or a name with
 * `%0D%0A` becomes another header or two; and it looks names up in plain objects, where these two are found.
 */
const misread = /%|^(?:constructor|__proto__)$/i;

/** A message of the network as an application gets it: without the headers that drachtio-srf would take for others. */
export function deliveredText(message: SipMessage): Buffer {
  const { fields } = message.headers;
  for (const { name } of fields) {
    if (misread.test(name)) {
      const headers = new SipHeaders(fields.filter((field) => !misread.test(field.name)));
      return serialize({ ...message, headers });
    }
  }
  return serialize(message);
}
