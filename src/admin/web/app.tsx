import { createDOMRenderer, FluentProvider, RendererProvider } from '@fluentui/react-components';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useMemo } from 'react';
import { createBrowserRouter, RouterProvider } from 'react-router';
import { entrancePages, pages } from './pages/index.ts';
import type { PageEntry } from './pages/entry.ts';
import { ToastProvider } from './parts/toasts.tsx';
import { Frame } from './shell/frame.tsx';
import { LostPage, TroublePage } from './shell/lost.tsx';
import { Gate } from './shell/gate.tsx';
import { ThemeProvider, useTheme } from './shell/theme.tsx';

function route(entry: PageEntry) {
  return {
    path: entry.path,
    handle: entry,
    lazy: async () => ({ Component: (await entry.load()).Page }),
  };
}

function createRouter() {
  return createBrowserRouter([
    {
      ErrorBoundary: TroublePage,
      HydrateFallback: () => null,
      children: [
        ...entrancePages.map(route),
        {
          Component: Gate,
          children: [{ Component: Frame, children: [...pages.map(route), { path: '*', Component: LostPage }] }],
        },
      ],
    },
  ]);
}

export function App({ nonce, client }: { readonly nonce: string; readonly client: QueryClient }) {
  const renderer = useMemo(() => createDOMRenderer(document, { styleElementAttributes: { nonce } }), [nonce]);
  const router = useMemo(createRouter, []);
  return (
    <RendererProvider renderer={renderer}>
      <ThemeProvider>
        <Themed>
          <QueryClientProvider client={client}>
            <ToastProvider>
              <RouterProvider router={router} />
            </ToastProvider>
          </QueryClientProvider>
        </Themed>
      </ThemeProvider>
    </RendererProvider>
  );
}

function Themed({ children }: { readonly children: React.ReactNode }) {
  const { theme } = useTheme();
  return (
    <FluentProvider theme={theme} style={{ minHeight: '100%' }}>
      {children}
    </FluentProvider>
  );
}
