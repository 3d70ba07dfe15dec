/** Offered; others can be typed. */
export const LANGUAGE_TAGS = ['en-US', 'en-GB', 'fr-FR', 'fr-CA', 'fr-BE', 'fr-CH'];
export const TIME_ZONES = Intl.supportedValuesOf('timeZone');
