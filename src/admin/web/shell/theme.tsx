import { type Theme, webDarkTheme, webLightTheme } from '@fluentui/react-components';
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';

export const THEME_CHOICES = ['system', 'light', 'dark'] as const;
export type ThemeChoice = (typeof THEME_CHOICES)[number];

interface Themes {
  readonly choice: ThemeChoice;
  readonly theme: Theme;
  readonly choose: (choice: ThemeChoice) => void;
}

const KEY = 'mcg.theme';
const Context = createContext<Themes>({ choice: 'system', theme: webLightTheme, choose: () => {} });

export function useTheme(): Themes {
  return use(Context);
}

/** Light or dark as the system has it, until the viewer chooses. */
export function ThemeProvider({ children }: { readonly children: ReactNode }) {
  const [choice, setChoice] = useState<ThemeChoice>(kept);
  const systemIsDark = useSystemIsDark();
  const isDark = choice === 'dark' || (choice === 'system' && systemIsDark);
  useEffect(() => {
    // Scroll bars and native inputs follow.
    document.documentElement.style.colorScheme = isDark ? 'dark' : 'light';
  }, [isDark]);
  const value = useMemo(
    () => ({
      choice,
      theme: isDark ? webDarkTheme : webLightTheme,
      choose(next: ThemeChoice) {
        setChoice(next);
        keep(next);
      },
    }),
    [choice, isDark],
  );
  return <Context value={value}>{children}</Context>;
}

function useSystemIsDark(): boolean {
  const query = useMemo(() => matchMedia('(prefers-color-scheme: dark)'), []);
  const [isDark, setDark] = useState(query.matches);
  useEffect(() => {
    const follow = () => setDark(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, [query]);
  return isDark;
}

function kept(): ThemeChoice {
  try {
    const choice = localStorage.getItem(KEY);
    return THEME_CHOICES.find((known) => known === choice) ?? 'system';
  } catch {
    return 'system';
  }
}

function keep(choice: ThemeChoice): void {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // Storage may be forbidden; then the choice holds until the page is closed.
  }
}
