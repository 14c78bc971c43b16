import { bootKernel } from './boot-kernel.js';
import { serve } from './protocol.js';

serve(bootKernel);
