import {
  Button,
  makeStyles,
  Menu,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  tokens,
} from '@fluentui/react-components';
import { NavigationRegular } from '@fluentui/react-icons/svg/navigation';
import { PersonRegular } from '@fluentui/react-icons/svg/person';
import { SignOutRegular } from '@fluentui/react-icons/svg/sign-out';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { NOT_PHONE, PHONE } from '../parts/screen.ts';
import { Preferences } from './preferences.tsx';
import { useLeave, useSession } from './session.ts';

const useStyles = makeStyles({
  bar: {
    gridArea: 'top',
    display: 'flex',
    alignItems: 'center',
    gap: '4px',
    padding: '0 12px 0 20px',
    // Of both themes: the bar that admins of Exchange know.
    backgroundColor: '#0b3a63',
    color: '#ffffff',
    [PHONE]: { padding: '0 8px' },
  },
  name: {
    flexGrow: 1,
    minWidth: 0,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    color: 'inherit',
    textDecorationLine: 'none',
    fontSize: tokens.fontSizeBase400,
    fontWeight: tokens.fontWeightSemibold,
    ':focus-visible': { outline: '2px solid #ffffff', outlineOffset: '2px' },
  },
  button: {
    color: '#ffffff',
    minWidth: 'auto',
    fontWeight: tokens.fontWeightRegular,
    ':hover': { color: '#ffffff', backgroundColor: '#1c5286' },
    ':hover:active': { color: '#ffffff', backgroundColor: '#1c5286' },
    '& .fui-Button__icon': { color: 'inherit' },
    ':hover .fui-Button__icon': { color: 'inherit' },
  },
  toNavigation: { [NOT_PHONE]: { display: 'none' } },
  account: { [PHONE]: { display: 'none' } },
});

export function TopBar({ openNavigation }: { readonly openNavigation: () => void }) {
  const styles = useStyles();
  const { t } = useTranslation();
  return (
    <header className={styles.bar}>
      <div className={styles.toNavigation}>
        <Button
          appearance="transparent"
          className={styles.button}
          icon={<NavigationRegular />}
          aria-label={t('shell.openNavigation')}
          onClick={openNavigation}
        />
      </div>
      <Link to="/" className={styles.name}>
        {t('shell.product')}
      </Link>
      <Preferences className={styles.button} />
      <Account />
    </header>
  );
}

function Account() {
  const styles = useStyles();
  const { t } = useTranslation();
  const { account } = useSession();
  const navigate = useNavigate();
  const leave = useLeave();
  return (
    <Menu positioning="below-end">
      <MenuTrigger disableButtonEnhancement>
        <Button
          appearance="transparent"
          className={styles.button}
          icon={<PersonRegular />}
          aria-label={t('shell.account', { name: account.displayName })}
        >
          <span className={styles.account}>{account.displayName}</span>
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuGroup>
            <MenuGroupHeader>{account.name}</MenuGroupHeader>
            {account.roles.map((role) => (
              <MenuItem key={role} disabled>
                {role}
              </MenuItem>
            ))}
          </MenuGroup>
          <MenuDivider />
          <MenuItem
            icon={<SignOutRegular />}
            onClick={() => void leave().then(() => navigate('/sign-in', { replace: true }))}
          >
            {t('shell.signOut')}
          </MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
