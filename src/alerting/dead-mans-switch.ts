import { type RequestOptions, request } from './http-request.js';

/**
 * Tells a service that all is well: it raises its own alarm when it is not told any more.
 *
 * @throws HoldfastError `AlertNotDelivered` unless it answers 2xx in time
 */
export async function pingDeadMansSwitch(url: string, options: RequestOptions = {}): Promise<void> {
  const attempted = "ping the dead man's switch at";
  const remedy = 'check DEAD_MANS_SWITCH_URL and that the service behind it runs';
  await request({ url, method: 'GET', attempted, remedy }, options);
}
