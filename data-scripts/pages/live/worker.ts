import { loadNetwork, look, unit } from './network';
import { scaleUnits } from './scale';
import { serve } from './serve';
import { build } from './stages';
import { beginTraining, endTraining, prepareShapes, trainStep } from './training';

serve({
  loadNetwork,
  look,
  unit,
  prepareShapes,
  beginTraining,
  trainStep,
  endTraining,
  build,
  scaleUnits,
});
