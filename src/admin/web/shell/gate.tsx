import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Navigate, Outlet, useLocation } from 'react-router';
import { keepCsrfToken, whenSignedOut } from '../api/call.ts';
import { ApiProblem } from '../api/problem.ts';
import { useRead } from '../api/query.ts';
import { LoadingPage, Trouble } from '../parts/states.tsx';
import { SessionContext } from './session.ts';

/** Lets those in who have signed in, and sends all others to the sign-in, which brings them back to where they were going. */
export function Gate() {
  const client = useQueryClient();
  const { pathname, search } = useLocation();
  const { data, error, refetch } = useRead('session', {});
  useEffect(() => whenSignedOut(() => void client.invalidateQueries({ queryKey: ['session'] })), [client]);
  if (error instanceof ApiProblem && error.status === 401) {
    const to = `${pathname}${search}`;
    return <Navigate to={to === '/' ? '/sign-in' : `/sign-in?to=${encodeURIComponent(to)}`} replace />;
  }
  if (data === undefined) {
    return error === null ? <LoadingPage /> : <Trouble error={error} retry={() => void refetch()} />;
  }
  keepCsrfToken(data.body.csrfToken);
  return (
    <SessionContext value={data.body}>
      <Outlet />
    </SessionContext>
  );
}
