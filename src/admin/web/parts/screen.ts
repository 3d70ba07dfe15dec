/** Media queries of the styles: up to this width it is a phone, and the navigation a drawer. */
export const PHONE = '@media (max-width: 719px)';
export const NOT_PHONE = '@media (min-width: 720px)';
