export { main } from './main.js';
export { hostMount } from './options.js';
