/**
 * The house: which room may import which (through its index.ts only), and which room owns which big dependency.
 * oxlint.config.ts makes the lint rules from this table; test/house.test.ts plants a violation of each and sees it refused.
 */
export const rooms: Record<string, { imports: readonly string[] }> = {
  yamlfile: { imports: [] },
  config: { imports: ['yamlfile'] },
  digest: { imports: [] },
  trace: { imports: [] },
  sip: { imports: [] },
  call: { imports: [] },
  policy: { imports: ['yamlfile'] },
  observe: { imports: [] },
  drachtio: { imports: ['sip', 'digest', 'trace'] },
  journal: { imports: ['call'] },
  ledger: { imports: ['call', 'policy', 'journal'] },
  notification: { imports: ['journal', 'call'] },
  gateway: { imports: ['call', 'policy', 'digest'] },
  cmdlet: { imports: ['policy', 'journal', 'notification'] },
  admin: { imports: ['cmdlet', 'policy', 'journal', 'notification'] },
  lab: { imports: ['sip', 'digest'] },
  cli: {
    imports: [
      'yamlfile',
      'config',
      'digest',
      'trace',
      'sip',
      'call',
      'policy',
      'observe',
      'drachtio',
      'journal',
      'ledger',
      'notification',
      'gateway',
      'cmdlet',
      'admin',
      'lab',
    ],
  },
};

/**
 * The pages of the admin centre, a house of their own in admin/: they run in a browser, and know of all rooms nothing but the
 * contract's types (`import type` of admin/contract.ts).
 */
export const WEB = 'admin/web';

/** Big dependencies and the rooms that may import them. */
export const bigDependencies: Record<string, readonly string[]> = {
  'drachtio-srf': ['gateway'],
  nodemailer: ['notification'],
  mustache: ['notification'],
  ws: ['sip'],
  'node:sqlite': ['journal'],
  yaml: ['yamlfile'],
  'js-yaml': ['yamlfile'],
  fastify: ['admin'],
  'openid-client': ['admin'],
  'csv-parse': ['admin'],
  pino: ['observe'],
  'prom-client': ['observe'],
  commander: ['cli'],
  chokidar: ['policy'],
  react: [WEB],
  'react-dom': [WEB],
  'react-router': [WEB],
  '@fluentui': [WEB],
  '@tanstack': [WEB],
  i18next: [WEB],
  'react-i18next': [WEB],
  vite: [WEB],
};
