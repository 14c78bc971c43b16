import { defineConfig } from 'vite';

export default defineConfig({
  // Served from any path.
  base: './',
  build: { target: 'es2022', chunkSizeWarningLimit: 2000 },
  worker: { format: 'es' },
});
