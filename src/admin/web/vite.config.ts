import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Smaller than this, a part is sent as it is. */
const MIN_COMPRESSED_BYTES = 1024;
/** 11 is a tenth smaller, and makes the build three times as long. */
const QUALITY = 9;

/** Puts `x.js.br` beside `x.js`, so that the server compresses nothing while it runs. */
function compressed(): Plugin {
  const compress = promisify(brotliCompress);
  return {
    name: 'compressed',
    apply: 'build',
    // Once all is written: Vite changes scripts until then.
    async writeBundle({ dir = '' }, bundle) {
      const files = Object.keys(bundle).filter((file) => /\.(js|css|svg)$/.test(file));
      await Promise.all(
        files.map(async (file) => {
          const path = join(dir, file);
          const text = await readFile(path);
          if (text.length < MIN_COMPRESSED_BYTES) return;
          await writeFile(
            `${path}.br`,
            await compress(text, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } }),
          );
        }),
      );
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compressed()],
  // The server puts a nonce of each answer's own in its place.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    outDir: '../../../dist/admin/web',
    emptyOutDir: true,
    target: 'baseline-widely-available',
    // Content-Security-Policy allows no data: script, and an icon less than a request is not worth the exception.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What every page needs, and what changes with a dependency only: two files in place of forty.
            { name: 'react', test: /node_modules\/(react|scheduler|@tanstack|i18next|use-sync|cookie)/, priority: 3 },
            { name: 'start', tags: ['$initial'], priority: 2 },
            { name: 'parts', test: /node_modules|src\/admin\/web\/(parts|api)\//, minShareCount: 3, priority: 1 },
          ],
        },
      },
    },
  },
});
