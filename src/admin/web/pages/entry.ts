import type { FluentIcon } from '@fluentui/react-icons';
import type { TFunction } from 'i18next';
import type { ComponentType } from 'react';
import type { Permission, Session } from '../api/contract.ts';

/** Where a page stands in the navigation, in this order. */
export const SECTIONS = ['start', 'unifiedMessaging', 'calls', 'mail', 'permissions', 'system'] as const;
export type Section = (typeof SECTIONS)[number];

/** A page: how it is reached, who may see it, and where its code is (it is fetched when it is first opened). */
export interface PageEntry {
  /** As react-router has it: `/unified-messaging/dial-plans/:name`. */
  readonly path: string;
  /** Its name, in the window's title and the navigation. */
  readonly title: (t: TFunction) => string;
  /** Whoever has this permission sees it; left out: whoever has signed in. */
  readonly permission?: Permission;
  /** Where those come to who may not see it; left out: they are told that they may not. */
  readonly otherwise?: string;
  /** Left out: it is reached from another page; the navigation marks the one at `within`, or the one whose path it begins with. */
  readonly navigation?: {
    readonly section: Section;
    readonly icon: FluentIcon;
    /** Left out: it stands there for all who may see the page. */
    readonly isFor?: (session: Session) => boolean;
  };
  readonly within?: string;
  readonly load: () => Promise<{ readonly Page: ComponentType }>;
}
