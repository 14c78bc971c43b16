export { default } from '../../tools/lib/tsup.mjs';
