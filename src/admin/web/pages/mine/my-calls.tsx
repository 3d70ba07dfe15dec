import { useTranslation } from 'react-i18next';
import { Page as PageFrame } from '../../parts/page.tsx';

export function Page() {
  const { t } = useTranslation();
  return <PageFrame title={t('mine.title')}>{null}</PageFrame>;
}
