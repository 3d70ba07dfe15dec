import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { useRead } from '../../api/query.ts';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import { MailView } from './mail-view.tsx';
import { NOTIFICATIONS } from './paths.ts';

/** One mail as it will look, or did. */
export function Page() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const preview = useRead('previewNotification', { params: { id } });
  return (
    <PageFrame
      title={t('mail.preview')}
      kind={t('mail.notification')}
      crumbs={[{ label: t('mail.notifications'), to: NOTIFICATIONS }]}
    >
      <Loaded query={preview}>{({ body }) => <MailView mail={body} />}</Loaded>
    </PageFrame>
  );
}
