/** Top bar, navigation, and pages that stand in for others. */
export const shell = {
  product: 'Missed Call Gateway',
  skip: 'Skip to the page',
  navigation: 'Navigation',
  openNavigation: 'Open the navigation',
  preferences: 'Language and theme',
  language: 'Language',
  languages: { en: 'English', fr: 'Français' },
  theme: 'Theme',
  themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
  account: 'Account of {{name}}',
  signOut: 'Sign out',
  sections: {
    start: 'Overview',
    unifiedMessaging: 'Unified messaging',
    calls: 'Calls',
    mail: 'Mail',
    permissions: 'Permissions',
    system: 'System',
  },
  lost: {
    title: 'There is no such page',
    text: 'The address may be mistyped, or what it named may have been removed.',
    home: 'Go to the overview',
  },
  forbidden: {
    title: 'This page is not for you',
    text: 'Your roles do not come with it. Who administers the gateway can give you another one.',
  },
} as const;
