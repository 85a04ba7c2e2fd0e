// The worker of a page that has a network, and no other part.
import { loadNetwork, look, unit } from './network';
import { serve } from './serve';

serve({ loadNetwork, look, unit });
