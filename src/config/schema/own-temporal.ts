import { whole } from './parts.js';

/** Settings of the Temporal server that Holdfast runs itself, as they stand below `temporal` in holdfast.yaml. */
export const ownTemporal = {
  port: whole(1, 65_535).describe('Port of the Temporal server that `holdfast up` runs. Default: 7243.'),
  uiPort: whole(1, 65_535).describe('Port of its Web UI. Default: 1000 above `port`.'),
};

/** The variables that stand over them. */
export const ownTemporalVariables = {
  HOLDFAST_TEMPORAL_PORT: ownTemporal.port,
  HOLDFAST_UI_PORT: ownTemporal.uiPort,
};
