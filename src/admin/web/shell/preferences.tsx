import {
  Button,
  Menu,
  MenuGroup,
  MenuGroupHeader,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from '@fluentui/react-components';
import { SettingsRegular } from '@fluentui/react-icons/svg/settings';
import { useTranslation } from 'react-i18next';
import { changeLanguage, LANGUAGES } from '../i18n/index.ts';
import { THEME_CHOICES, useTheme } from './theme.tsx';

/** Language and theme; kept in this browser. */
export function Preferences({ className }: { readonly className?: string }) {
  const { t, i18n } = useTranslation();
  const { choice, choose } = useTheme();
  return (
    <Menu
      positioning="below-end"
      checkedValues={{ language: [i18n.language], theme: [choice] }}
      onCheckedValueChange={(_, { name, checkedItems: [chosen] }) => {
        const language = LANGUAGES.find((known) => known === chosen);
        const theme = THEME_CHOICES.find((known) => known === chosen);
        if (name === 'language' && language !== undefined) void changeLanguage(language);
        if (name === 'theme' && theme !== undefined) choose(theme);
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button
          appearance="transparent"
          {...(className !== undefined && { className })}
          icon={<SettingsRegular />}
          aria-label={t('shell.preferences')}
        />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuGroup>
            <MenuGroupHeader>{t('shell.language')}</MenuGroupHeader>
            {LANGUAGES.map((language) => (
              <MenuItemRadio key={language} name="language" value={language} lang={language}>
                {t(`shell.languages.${language}`)}
              </MenuItemRadio>
            ))}
          </MenuGroup>
          <MenuGroup>
            <MenuGroupHeader>{t('shell.theme')}</MenuGroupHeader>
            {THEME_CHOICES.map((theme) => (
              <MenuItemRadio key={theme} name="theme" value={theme}>
                {t(`shell.themes.${theme}`)}
              </MenuItemRadio>
            ))}
          </MenuGroup>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
