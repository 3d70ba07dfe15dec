import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { address } from './call.ts';
import type { LiveEvent } from './contract.ts';

/** What an ended call changes (log, reports, mails) is asked again at most this often. */
export const REFRESH_EVERY_MS = 2_000;
const CHANGED_BY_CALLS: readonly unknown[] = ['calls', 'missedReport', 'notifications', 'health'];

/** Keeps what is on the screen up to date by the server's events; without them, pages still ask at their intervals. */
export function useLiveEvents(isEnabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!isEnabled) return undefined;
    const source = new EventSource(address('events', {}));
    let timer: ReturnType<typeof setTimeout> | null = null;
    const refreshSoon = (): void => {
      timer ??= setTimeout(() => {
        timer = null;
        void client.invalidateQueries({ predicate: ({ queryKey: [name] }) => CHANGED_BY_CALLS.includes(name) });
      }, REFRESH_EVERY_MS);
    };
    const take = (message: MessageEvent<string>): void => {
      takeEvent(JSON.parse(message.data) as LiveEvent, client, refreshSoon);
    };
    for (const kind of ['calls', 'ended', 'policy']) source.addEventListener(kind, take);
    return () => {
      source.close();
      if (timer !== null) clearTimeout(timer);
    };
  }, [client, isEnabled]);
}

function takeEvent(event: LiveEvent, client: QueryClient, refreshSoon: () => void): void {
  switch (event.kind) {
    case 'calls':
      client.setQueryData(['liveCalls', {}], { body: { items: event.calls, total: event.total }, etag: null });
      break;
    case 'ended':
      refreshSoon();
      break;
    case 'policy':
      void client.invalidateQueries();
  }
}
