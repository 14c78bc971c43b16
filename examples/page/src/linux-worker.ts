import { serve } from './protocol.js';
serve(() => Promise.reject(new Error('not yet')));
