import { optional, text } from './parts.js';

/** A host name, an IPv4 address, or an IPv6 address in brackets; with a port. */
const hostAndPort =
  /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/;

export const metricsAddress = text('host:port, with a port from 0 to 65535', hostAndPort).describe(
  '`host:port` at which `holdfast worker` serves metrics for Prometheus. Default: not served.',
);

export const metrics = optional({ address: metricsAddress });
