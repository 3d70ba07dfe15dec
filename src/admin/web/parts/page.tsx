import { makeStyles, tokens } from '@fluentui/react-components';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import { PHONE } from './screen.ts';

const useStyles = makeStyles({
  page: { padding: '16px 24px 32px', maxWidth: '1280px', [PHONE]: { padding: '12px 16px 24px' } },
  crumbs: {
    display: 'flex',
    flexWrap: 'wrap',
    margin: '0 0 2px',
    padding: 0,
    listStyleType: 'none',
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    color: tokens.colorNeutralForeground3,
    '& li + li::before': { content: '"›"', padding: '0 6px' },
    '& a': { color: tokens.colorBrandForegroundLink, textDecorationLine: 'none' },
    '& a:hover': { textDecorationLine: 'underline' },
  },
  title: {
    margin: 0,
    fontSize: tokens.fontSizeBase500,
    lineHeight: tokens.lineHeightBase500,
    fontWeight: tokens.fontWeightSemibold,
    overflowWrap: 'anywhere',
    ':focus': { outlineStyle: 'none' },
  },
  kind: {
    marginTop: '6px',
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    color: tokens.colorNeutralForeground2,
  },
  description: { margin: '2px 0 0', maxWidth: '72ch', color: tokens.colorNeutralForeground2 },
  head: { marginBottom: '12px' },
});

export interface Crumb {
  readonly label: string;
  readonly to: string;
}

interface PageProps {
  readonly title: string;
  /** What the thing is whose name is the title: `UM dial plan`. */
  readonly kind?: string;
  /** The pages above this one, as the navigation has them. */
  readonly crumbs?: readonly Crumb[];
  readonly description?: ReactNode;
  readonly children: ReactNode;
}

/** A page: its title stands in the window too, and takes the focus when one has come here from another page. */
export function Page({ title, kind, crumbs = [], description, children }: PageProps) {
  const styles = useStyles();
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  const { key, pathname } = useLocation();
  const isFirst = key === 'default';
  useEffect(() => {
    document.title = [title, kind, t('shell.product')].filter(Boolean).join(' - ');
  }, [title, kind, t]);
  useEffect(() => {
    // The first page of a visit leaves the focus at the top, where the skip link is.
    if (isFirst) return;
    heading.current?.focus();
  }, [pathname, isFirst]);
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        {crumbs.length > 0 && (
          <nav aria-label={t('parts.crumbs')}>
            <ol className={styles.crumbs}>
              {crumbs.map(({ label, to }) => (
                <li key={to}>
                  <Link to={to}>{label}</Link>
                </li>
              ))}
            </ol>
          </nav>
        )}
        {kind !== undefined && <div className={styles.kind}>{kind}</div>}
        <h1 className={styles.title} ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {description !== undefined && <p className={styles.description}>{description}</p>}
      </div>
      {children}
    </div>
  );
}
