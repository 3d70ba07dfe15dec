import { Link } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { useRouteError } from 'react-router';
import { PageLink } from '../parts/link.tsx';
import { Page } from '../parts/page.tsx';
import { Empty, Trouble } from '../parts/states.tsx';

export function LostPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('shell.lost.title')}>
      <Empty text={t('shell.lost.text')}>
        <PageLink to="/">{t('shell.lost.home')}</PageLink>
      </Empty>
    </Page>
  );
}

export function ForbiddenPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('shell.forbidden.title')}>
      <Empty text={t('shell.forbidden.text')} />
    </Page>
  );
}

/** Where a page fails: the rest of the gateway is not touched by it, and says so. */
export function TroublePage() {
  const error = useRouteError();
  const { t } = useTranslation();
  return (
    <main>
      <Trouble error={error instanceof Error ? error : new Error(String(error))} retry={() => location.reload()} />
      <Link href="/">{t('shell.lost.home')}</Link>
    </main>
  );
}
