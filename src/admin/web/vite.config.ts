import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
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
  },
});
