import { useQueryClient } from '@tanstack/react-query';
import { createContext, use } from 'react';
import { call, keepCsrfToken } from '../api/call.ts';
import type { Permission, Session } from '../api/contract.ts';

export const SessionContext = createContext<Session | null>(null);

/** Who is signed in. Only pages behind the sign-in may ask. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error('useSession was called outside the frame');
  return session;
}

/** Whether the one who is signed in may; what one may not, the page does not offer. */
export function useMay(): (permission: Permission) => boolean {
  const { permissions } = useSession();
  return (permission) => permissions.includes(permission);
}

/** Takes over a session that a sign-in answered with, and forgets all that another one has seen. */
export function useEnter(): (session: Session) => void {
  const client = useQueryClient();
  return (session) => {
    client.clear();
    keepCsrfToken(session.csrfToken);
    client.setQueryData(['session', {}], { body: session, etag: null });
  };
}

export function useLeave(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await call('signOut', {});
    keepCsrfToken(null);
    client.clear();
  };
}
