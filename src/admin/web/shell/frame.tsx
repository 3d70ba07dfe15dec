import { makeStyles, tokens } from '@fluentui/react-components';
import { Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, Outlet, useLocation, useMatches } from 'react-router';
import { useLiveEvents } from '../api/live.ts';
import type { PageEntry } from '../pages/entry.ts';
import { LoadingPage } from '../parts/states.tsx';
import { PHONE } from '../parts/screen.ts';
import { ForbiddenPage } from './lost.tsx';
import { NavigationDrawer, SideNavigation } from './navigation.tsx';
import { useMay } from './session.ts';
import { TopBar } from './top-bar.tsx';

const useStyles = makeStyles({
  frame: {
    display: 'grid',
    gridTemplateRows: '48px minmax(0, 1fr)',
    gridTemplateColumns: '232px minmax(0, 1fr)',
    gridTemplateAreas: '"top top" "side main"',
    height: '100dvh',
    backgroundColor: tokens.colorNeutralBackground1,
    [PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)', gridTemplateAreas: '"top" "main"' },
  },
  skip: {
    position: 'absolute',
    insetInlineStart: '8px',
    top: '-60px',
    zIndex: 10,
    padding: '8px 12px',
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorBrandForegroundLink,
    borderRadius: tokens.borderRadiusMedium,
    ':focus': { top: '6px' },
  },
  main: { gridArea: 'main', overflowY: 'auto', minWidth: 0 },
});

/** The frame that every page stands in: top bar, navigation, the page. */
export function Frame() {
  const styles = useStyles();
  const { t } = useTranslation();
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  const { pathname } = useLocation();
  useLiveEvents(useMay()('calls.read'));
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    setDrawerOpen(false);
    main.current?.scrollTo({ top: 0 });
  }, [pathname]);
  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#main">
        {t('shell.skip')}
      </a>
      <TopBar openNavigation={() => setDrawerOpen(true)} />
      <SideNavigation />
      <NavigationDrawer isOpen={isDrawerOpen} close={() => setDrawerOpen(false)} />
      <main id="main" ref={main} className={styles.main} tabIndex={-1}>
        <Suspense fallback={<LoadingPage />}>
          <Allowed />
        </Suspense>
      </main>
    </div>
  );
}

function Allowed() {
  const may = useMay();
  const entry = useMatches().at(-1)?.handle as PageEntry | undefined;
  if (entry?.permission !== undefined && !may(entry.permission)) {
    return entry.otherwise === undefined ? <ForbiddenPage /> : <Navigate to={entry.otherwise} replace />;
  }
  return <Outlet />;
}
