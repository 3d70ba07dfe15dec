import { Button, makeStyles, mergeClasses, OverlayDrawer, tokens } from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons/svg/dismiss';
import { useTranslation } from 'react-i18next';
import { Link, useLocation, useMatches } from 'react-router';
import { type PageEntry, SECTIONS } from '../pages/entry.ts';
import { pages } from '../pages/index.ts';
import { PHONE } from '../parts/screen.ts';
import { useMay, useSession } from './session.ts';

const useStyles = makeStyles({
  side: {
    gridArea: 'side',
    overflowY: 'auto',
    padding: '8px 0 16px',
    backgroundColor: tokens.colorNeutralBackground3,
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    [PHONE]: { display: 'none' },
  },
  drawer: { width: '280px', maxWidth: '85vw' },
  drawerHead: { display: 'flex', justifyContent: 'flex-end', padding: '8px' },
  heading: {
    margin: '14px 0 2px',
    padding: '0 20px',
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground3,
  },
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  link: {
    display: 'flex',
    alignItems: 'center',
    gap: '10px',
    boxSizing: 'border-box',
    minHeight: '34px',
    padding: '6px 12px 6px 16px',
    borderLeft: '4px solid transparent',
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
    lineHeight: tokens.lineHeightBase200,
    ':hover': { backgroundColor: tokens.colorNeutralBackground3Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
    [PHONE]: { minHeight: '44px' },
  },
  current: {
    borderLeftColor: tokens.colorBrandStroke1,
    backgroundColor: tokens.colorNeutralBackground3Selected,
    fontWeight: tokens.fontWeightSemibold,
  },
  icon: { fontSize: '18px', flexShrink: 0, color: tokens.colorNeutralForeground2 },
  currentIcon: { color: tokens.colorBrandForeground1 },
});

export function SideNavigation() {
  const styles = useStyles();
  const { t } = useTranslation();
  return (
    <nav className={styles.side} aria-label={t('shell.navigation')}>
      <Sections />
    </nav>
  );
}

/** The same on a phone: it comes over the page. */
export function NavigationDrawer({ isOpen, close }: { readonly isOpen: boolean; readonly close: () => void }) {
  const styles = useStyles();
  const { t } = useTranslation();
  return (
    <OverlayDrawer
      open={isOpen}
      onOpenChange={(_, { open }) => {
        if (!open) close();
      }}
      className={styles.drawer}
      aria-label={t('shell.navigation')}
    >
      <div className={styles.drawerHead}>
        <Button appearance="subtle" icon={<DismissRegular />} aria-label={t('parts.close')} onClick={close} />
      </div>
      <nav aria-label={t('shell.navigation')}>
        <Sections />
      </nav>
    </OverlayDrawer>
  );
}

function Sections() {
  const styles = useStyles();
  const { t } = useTranslation();
  const session = useSession();
  const may = useMay();
  const seen = pages.filter(
    ({ permission, navigation }) =>
      (permission === undefined || may(permission)) && navigation?.isFor?.(session) !== false,
  );
  return SECTIONS.map((section) => {
    const entries = seen.filter(({ navigation }) => navigation?.section === section);
    if (entries.length === 0) return null;
    return (
      <section key={section} aria-label={t(`shell.sections.${section}`)}>
        {section !== 'start' && <h2 className={styles.heading}>{t(`shell.sections.${section}`)}</h2>}
        <ul className={styles.list}>
          {entries.map((entry) => (
            <li key={entry.path}>
              <Entry entry={entry} />
            </li>
          ))}
        </ul>
      </section>
    );
  });
}

function Entry({ entry: { path, title, navigation } }: { readonly entry: PageEntry }) {
  const styles = useStyles();
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const within = (useMatches().at(-1)?.handle as PageEntry | undefined)?.within ?? pathname;
  const isCurrent = within === path || (path !== '/' && within.startsWith(`${path}/`));
  const Icon = navigation?.icon;
  return (
    <Link
      to={path}
      className={mergeClasses(styles.link, isCurrent && styles.current)}
      aria-current={isCurrent ? 'page' : undefined}
    >
      {Icon !== undefined && <Icon className={mergeClasses(styles.icon, isCurrent && styles.currentIcon)} />}
      <span>{title(t)}</span>
    </Link>
  );
}
