import { conditionOf } from './setting.ts';
import type { Owner, Words } from './types.ts';

const OUTCOMES: Words['outcomes'] = {
  answered: 'l’appel a été pris',
  voicemail: 'l’appelant a laissé un message vocal',
  missed: 'l’appel a été manqué',
  elsewhere: 'l’appel a été pris ailleurs',
  rejected: 'l’appel a été rejeté',
  failed: 'l’appel a échoué avant d’atteindre quelqu’un',
};

const CAUSES: Words['causes'] = {
  'caller-hung-up': 'l’appelant a raccroché avant une réponse',
  'no-answer': 'personne n’a répondu',
  busy: 'la ligne était occupée',
  declined: 'l’appelé l’a refusé',
  unreachable: 'aucun téléphone n’était joignable',
  'voicemail-abandoned': 'l’appelant a quitté la messagerie avant de pouvoir laisser un message',
  'voicemail-blank': 'le message vocal est vide ou trop court',
  'voicemail-access': 'quelqu’un a consulté ses messages',
  unwanted: 'l’appelé l’a refusé comme indésirable',
  interrupted: 'la passerelle s’est arrêtée pendant l’appel',
};

const NOTIFY: Readonly<Record<string, string>> = {
  nobody: 'personne n’est averti des appels qu’il manque',
  first: 'seul le premier membre dont le téléphone a sonné est averti',
  last: 'seul le dernier membre dont le téléphone a sonné est averti',
};

const CONDITIONS: Readonly<Record<string, string>> = {
  internalCalls: 'les appels des numéros de la maison ne sont pas signalés',
  externalCalls: 'les appels de l’extérieur ne sont pas signalés',
  hiddenCallers: 'les appels sans numéro à rappeler ne sont pas signalés',
  minimumRing: 'les appels qui sonnent moins longtemps ne sont pas signalés',
  busy: 'les appels vers une ligne occupée ne sont pas signalés',
  declined: 'les appels refusés ne sont pas signalés',
  unreachable: 'les appels qui n’ont trouvé aucun téléphone ne sont pas signalés',
  groupCalls: 'les appels vers un groupe de l’utilisateur ne sont pas signalés',
};

export const FRENCH: Words = {
  outcomes: OUTCOMES,
  causes: CAUSES,
  reasons: {
    missed: () =>
      'l’appel compte comme manqué, et la stratégie comme la boîte aux lettres autorisent les notifications',
    answered: () => 'quelqu’un a répondu',
    'answered-elsewhere': () => 'quelqu’un a répondu sur un autre appareil ou une autre ligne',
    'voicemail-left': () => 'le message vocal avertit lui-même l’utilisateur',
    'voicemail-access': () => 'quelqu’un a consulté ses messages',
    rejected: () => 'un appel rejeté n’est pas un appel manqué',
    'not-rung': (whose) => (whose === '' ? 'l’appel n’a jamais sonné, et l’appelant n’a pas attendu' : whose),
    'policy-disabled': (policy) =>
      `la stratégie de boîte aux lettres ${quoted(policy)} a allowMissedCallNotifications: false ` +
      `(Set-UMMailboxPolicy -Identity "${policy}" -AllowMissedCallNotifications $true les autorise)`,
    'mailbox-disabled': (mailbox) =>
      `la boîte aux lettres ${quoted(mailbox)} a missedCallNotificationEnabled: false ` +
      `(Set-UMMailbox -Identity "${mailbox}" -MissedCallNotificationEnabled $true les autorise)`,
    'no-mailbox': (why) =>
      `le numéro appelé n’a pas de boîte aux lettres dans le fichier de stratégie${why === '' ? '' : ` : ${why}`}`,
    'no-email-address': (mailbox) =>
      `la boîte aux lettres ${quoted(mailbox)} n’a pas d’emailAddress dans le fichier de stratégie`,
    condition: conditionWords,
    duplicate: () => 'cet appel et cette boîte aux lettres ont déjà leur notification',
    collapsed: () => 'elle a été réunie à une autre notification sur le même appelant',
    'called-back': () => 'l’utilisateur a déjà rappelé',
  },
  colon: '\u00a0: ',
  strengths: { certain: '', strong: ' (indice fort)', weak: ' (indice faible)' },
  states: {
    due: (id) =>
      `elle attend d’être envoyée ; \`mcg notifications retry ${id}\` l’envoie maintenant, \`mcg notifications drop ${id}\` jamais`,
    claimed: () => 'elle est en cours d’envoi',
    sent: () => 'elle a été remise',
    dead: (id) => `elle a été abandonnée ; \`mcg notifications retry ${id}\` essaie encore`,
    dropped: () => 'un administrateur l’a abandonnée',
  },
  evidence: {
    rang: 'un téléphone a sonné',
    answered: 'une réponse est venue',
    'answer-crossed': 'la réponse a croisé le raccrochage',
    'final-response': 'une réponse finale est venue',
    reason: 'une raison a été donnée',
    'caller-cancelled': 'l’appelant a renoncé',
    'ring-timer': 'la sonnerie a duré assez longtemps',
    timeout: 'aucune réponse n’est venue',
    'transport-error': 'quelqu’un n’a pas pu être joint',
    refused: 'la passerelle a refusé l’appel',
    diverted: 'l’appel a été renvoyé vers la messagerie',
    'talk-time': 'durée de la conversation',
    'voicemail-reached': 'une messagerie a répondu',
    'message-totals': 'nombre de messages avant l’appel, pour comparer ensuite',
    'voicemail-duration': 'durée passée dans la messagerie',
    'voicemail-left': 'un message a été laissé',
    'voicemail-blank': 'le message est silencieux ou trop court',
    'voicemail-none': 'aucun message n’a été laissé',
    'voicemail-access': 'la messagerie a été consultée',
    interrupted: 'la passerelle s’est arrêtée',
    'journalled-late': 'l’appel a été inscrit au journal plus tard',
    ambiguous: 'plusieurs appels pouvaient être concernés',
    joined: 'l’appel a été réuni à un autre',
    redirected: 'l’appel a continué vers un autre numéro',
    'taken-over': 'un autre téléphone a repris l’appel',
    transferred: 'un correspondant a été prié d’appeler quelqu’un d’autre',
    group: 'un groupe a été appelé',
  },
  rules: {
    'a phone of the call answered, and our 200 left before any CANCEL':
      'un téléphone a répondu, et notre 200 est parti avant tout CANCEL',
    'somebody answered where the gateway does not see it': 'quelqu’un a répondu là où la passerelle ne le voit pas',
    'a leg answered, but the CANCEL of the caller won':
      'un téléphone a répondu, mais le CANCEL de l’appelant l’a devancé',
    'a CANCEL said that the call was completed elsewhere': 'un CANCEL a dit que l’appel avait été pris ailleurs',
    'a CANCEL said busy or declined': 'un CANCEL a dit « occupé » ou « refusé »',
    'the caller hung up while it rang': 'l’appelant a raccroché pendant la sonnerie',
    'diverted to voicemail: the caller hung up before it answered':
      'renvoyé vers la messagerie : l’appelant a raccroché avant qu’elle ne réponde',
    'the caller hung up before anything rang': 'l’appelant a raccroché avant toute sonnerie',
    'a call to a voicemail pilot without diversion, or from the mailbox’s own number':
      'un appel direct à la messagerie, ou depuis le numéro de la boîte aux lettres elle-même',
    'the gateway ended the call while the voicemail system had it':
      'la passerelle a terminé l’appel pendant qu’il était à la messagerie',
    'diverted to voicemail: what the voicemail leg shows':
      'renvoyé vers la messagerie : ce que montre le passage à la messagerie',
    'a phone had answered when the gateway ended the call':
      'un téléphone avait répondu quand la passerelle a terminé l’appel',
    'the gateway ended the call while it rang': 'la passerelle a terminé l’appel pendant la sonnerie',
    'busy: 486, 600 or Q.850 cause 17': 'occupé : 486, 600 ou cause 17 de Q.850',
    'declined: 603, or 403 or 480 with Q.850 cause 21': 'refusé : 603, ou 403 ou 480 avec la cause 21 de Q.850',
    'unwanted: 607, 608, 428, 433, 436-438': 'indésirable : 607, 608, 428, 433, 436 à 438',
    'rejected: 416, 482-485, 604, Q.850 cause 28, or refused by the gateway':
      'rejeté : 416, 482 à 485, 604, cause 28 de Q.850, ou refusé par la passerelle',
    'rang, and nobody answered': 'cela a sonné, et personne n’a répondu',
    'did not ring, and the number has a mailbox': 'rien n’a sonné, et le numéro a une boîte aux lettres',
    'anything else': 'tout le reste',
    'the gateway stopped before anybody answered': 'la passerelle s’est arrêtée avant que quelqu’un ne réponde',
    'the gateway stopped while a phone had answered': 'la passerelle s’est arrêtée alors qu’un téléphone avait répondu',
    'the gateway stopped while the voicemail system had the call':
      'la passerelle s’est arrêtée pendant que l’appel était à la messagerie',
  },

  came: ({ id, sipCallId, peer, node }) =>
    `L’appel ${id} (Call-ID ${sipCallId}) est venu du pair ${quoted(peer)} au nœud ${quoted(node)}.`,
  called: (at, caller, callee, owner) => `Le ${at}, ${caller} a appelé le ${callee}, ${ownerOf(owner)}.`,
  hidden: 'un appelant qui a demandé à ne pas être nommé',
  stillGoing: 'Il n’est pas terminé.',
  ended: (after, rang) => `Il s’est terminé après ${after} ; ${rangFor(rang)}.`,
  foundStopped: (rang) =>
    `La passerelle a été trouvée arrêtée ; on ne sait pas quand l’appel s’est terminé ; ${rangFor(rang)}.`,
  seen: 'Ce qui a été constaté :',
  nothingYet: 'rien encore',
  verdict: (name, outcome, cause) =>
    `Verdict : ${name} (${OUTCOMES[outcome]}${cause === null ? '' : ` : ${CAUSES[cause]}`}).`,
  rule: (rule) => `La règle qui l’a établi : ${rule}.`,
  waits: (hasTotals, until) =>
    `Verdict : pas encore. Il attend ${
      hasTotals
        ? 'de savoir si un message vocal a été laissé, ou que le nombre de messages augmente,'
        : 'de savoir si un message vocal a été laissé'
    } jusqu’au ${until}.`,
  waitingRule: (rule) => `La règle qui le fait attendre : ${rule}.`,
  noVerdict:
    'Verdict : pas encore, l’appel est toujours en cours (ou sa passerelle s’est arrêtée et n’a pas redémarré).',
  members(group, rang) {
    const named = rang.map(({ mailbox, after }) => `${quoted(mailbox)} à ${after}`);
    return `Du groupe ${quoted(group)} ont sonné : ${named.length === 0 ? 'aucun téléphone d’une boîte aux lettres' : named.join(', ')}.`;
  },
  decision(notify, mailbox, reason, because) {
    const whom = mailbox === null ? 'personne à avertir' : `la boîte aux lettres ${quoted(mailbox)}`;
    const verb = notify ? `avertir ${whom}` : mailbox === null ? whom : `ne pas avertir ${whom}`;
    return `Décision : ${verb} (${reason}) : ${because}.`;
  },
  mail({ id, channel, state, attempts, messageId, lastError }) {
    const tries = attempts === 0 ? 'pas encore tentée' : attempts === 1 ? 'tentée une fois' : `tentée ${attempts} fois`;
    const error = lastError === null ? '' : ` La dernière tentative a échoué : ${lastError}.`;
    return `Notification ${id} par ${channel} : ${state}, ${tries} : ${FRENCH.states[state](id)}.${error} Message-ID ${messageId}.`;
  },
};

function quoted(name: string): string {
  return `«\u00a0${name}\u00a0»`;
}

function ownerOf({ group, mailbox }: Owner): string {
  if (group !== null) {
    const own =
      mailbox === null ? 'qui n’a pas de boîte aux lettres à lui' : `dont la boîte aux lettres est ${quoted(mailbox)}`;
    return `le numéro du groupe ${quoted(group)}, ${own}`;
  }
  return mailbox === null ? 'qui n’a pas de boîte aux lettres' : `le numéro de la boîte aux lettres ${quoted(mailbox)}`;
}

function rangFor(rang: string | null): string {
  if (rang === null) return 'il n’a jamais sonné';
  return rang === 'unknown' ? 'il a sonné' : `il a sonné pendant ${rang}`;
}

function conditionWords(detail: string): string {
  const found = conditionOf(detail);
  switch (found.kind) {
    case 'group':
      return (
        `le groupe ${quoted(found.group)} a notify: ${found.value} dans le fichier de stratégie : ${NOTIFY[found.value] ?? ''} ` +
        '(nobody, group, first, last ou all : à changer là, avec effet immédiat)'
      );
    case 'policy': {
      const remedy = found.key === 'minimumRing' ? 'y mettre 0s' : 'y mettre true';
      return (
        `la stratégie de boîte aux lettres ${quoted(found.policy)} dit sous conditions.${found.key} que ${CONDITIONS[found.key] ?? 'de tels appels ne sont pas signalés'} ` +
        `(${remedy}, dans le fichier de stratégie, pour être averti)`
      );
    }
    case 'other':
      return `une condition de la stratégie de boîte aux lettres dit non : ${detail}`;
  }
}
