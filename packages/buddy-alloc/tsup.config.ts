import config from '../../tools/lib/tsup.mjs';

/** With constants as numbers: see src/internal/constants.ts. */
export default [config].flat().map((options) => ({ ...options, minifySyntax: true }));
