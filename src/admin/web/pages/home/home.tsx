import { useTranslation } from 'react-i18next';
import { Page as PageFrame } from '../../parts/page.tsx';
import { useSession } from '../../shell/session.ts';

export function Page() {
  const { t } = useTranslation();
  const { account } = useSession();
  return <PageFrame title={t('home.title')}>{account.displayName}</PageFrame>;
}
