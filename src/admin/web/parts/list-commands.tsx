import { AddRegular } from '@fluentui/react-icons/svg/add';
import { ArrowClockwiseRegular } from '@fluentui/react-icons/svg/arrow-clockwise';
import { DeleteRegular } from '@fluentui/react-icons/svg/delete';
import { EditRegular } from '@fluentui/react-icons/svg/edit';
import { EyeRegular } from '@fluentui/react-icons/svg/eye';
import { useTranslation } from 'react-i18next';
import { Command } from './tools.tsx';

interface ListCommandsProps {
  /** Without it there is nothing but to look. */
  readonly mayWrite: boolean;
  readonly isChosen: boolean;
  readonly create: () => void;
  readonly edit: () => void;
  readonly remove: () => void;
  readonly refresh: () => void;
}

/** New, Edit, Remove, Refresh, as the lists of the Exchange admin center have them. */
export function ListCommands({ mayWrite, isChosen, create, edit, remove, refresh }: ListCommandsProps) {
  const { t } = useTranslation();
  return (
    <>
      {mayWrite && <Command icon={<AddRegular />} label={t('parts.new')} run={create} />}
      <Command
        icon={mayWrite ? <EditRegular /> : <EyeRegular />}
        label={t(mayWrite ? 'parts.edit' : 'parts.view')}
        isDisabled={!isChosen}
        run={edit}
      />
      {mayWrite && <Command icon={<DeleteRegular />} label={t('parts.remove')} isDisabled={!isChosen} run={remove} />}
      <Command icon={<ArrowClockwiseRegular />} label={t('parts.refresh')} run={refresh} />
    </>
  );
}
