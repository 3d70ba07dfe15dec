import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { createQueryClient } from './api/query.ts';
import { call } from './api/call.ts';
import { startI18n } from './i18n/index.ts';

/** What the server put into the page: styles that carry it pass the Content-Security-Policy. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
const client = createQueryClient();
// Asked while the texts come: every page but these needs it.
if (!/^\/(sign-in|first-account)$/.test(location.pathname)) {
  void client.prefetchQuery({ queryKey: ['session', {}], queryFn: () => call('session', {}), retry: false });
}
await startI18n();
const root = document.querySelector('#app');
if (root !== null) createRoot(root).render(<App nonce={nonce} client={client} />);
