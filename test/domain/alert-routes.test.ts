import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alertPriorities, alertTypes } from '../../src/domain/alert.js';
import {
  type AlertRoute,
  channelsFor,
  describeRoutes,
  type RoutedAlert,
  unheard,
} from '../../src/domain/alert-routes.js';

const alert: RoutedAlert = {
  type: 'backup_failed',
  priority: 'critical',
  cluster: 'default',
  database: 'shop',
};
const goes = (route: Omit<AlertRoute, 'channels'>, news: Partial<RoutedAlert> = {}) =>
  channelsFor({ ...alert, ...news }, ['pager'], [{ channels: ['pager'], ...route }]).length === 1;

test('without routes every alert goes everywhere, and to a channel that none names', () => {
  expect(channelsFor(alert, ['a', 'b'], [])).toEqual(['a', 'b']);
  expect(channelsFor(alert, ['a', 'b'], [{ channels: ['b'], types: ['restore_done'] }])).toEqual(['a']);
});

test('a route looks at cluster, database, type and priority, and all of them must hold', () => {
  expect(goes({})).toBe(true);
  expect(goes({ clusters: ['default'], databases: ['shop'], types: ['backup_failed'] })).toBe(true);
  expect(goes({ clusters: ['orders'] })).toBe(false);
  expect(goes({ databases: ['shop'] }, { database: '' })).toBe(false);
  expect(goes({ types: ['backup_age', 'restore_done'] })).toBe(false);
  expect(goes({ minimumPriority: 'high' }, { priority: 'medium' })).toBe(false);
  expect(goes({ minimumPriority: 'high' }, { priority: 'high' })).toBe(true);
});

test('one of several routes of a channel is enough', () => {
  const routes: AlertRoute[] = [
    { channels: ['pager'], databases: ['shop'] },
    { channels: ['pager', 'chat'], types: ['disk_space'] },
  ];
  expect(channelsFor(alert, ['pager', 'chat'], routes)).toEqual(['pager']);
  expect(channelsFor({ ...alert, type: 'disk_space', database: '' }, ['pager', 'chat'], routes)).toEqual([
    'pager',
    'chat',
  ]);
});

test('that something is over goes to whoever was told of it', () => {
  expect(goes({ minimumPriority: 'critical' }, { priority: 'info', ends: 'critical' })).toBe(true);
  expect(goes({ minimumPriority: 'critical' }, { priority: 'info', ends: 'medium' })).toBe(false);
});

test('whoever gets an alert gets its end too, whatever the routes are', () => {
  const some = <T>(values: readonly T[]) =>
    fc.option(fc.subarray([...values], { minLength: 1 }), { nil: undefined });
  const route = fc.record({
    channels: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
    clusters: some(['default', 'orders']),
    databases: some(['shop', 'crm']),
    types: some(alertTypes),
    minimumPriority: fc.option(fc.constantFrom(...alertPriorities), { nil: undefined }),
  });
  const begun = fc.record({
    type: fc.constantFrom(...alertTypes),
    priority: fc.constantFrom(...alertPriorities),
    cluster: fc.constantFrom('default', 'orders'),
    database: fc.constantFrom('', 'shop', 'crm'),
  });
  fc.assert(
    fc.property(fc.array(route), begun, (routes, start) => {
      const channels = ['a', 'b', 'c'];
      const end = { ...start, priority: 'info' as const, ends: start.priority };
      const given = routes as AlertRoute[];
      expect(channelsFor(end, channels, given)).toEqual(channelsFor(start, channels, given));
    }),
  );
});

test('what reaches nobody is told', () => {
  const routes: AlertRoute[] = [{ channels: ['chat'], databases: ['shop'] }];
  expect(unheard({ cluster: 'default', database: 'shop' }, ['chat'], routes)).toBe(false);
  expect(unheard({ cluster: 'default', database: '' }, ['chat'], routes)).toBe(true);
  expect(unheard({ cluster: 'default', database: '' }, ['chat', 'mail'], routes)).toBe(false);
});

test('routes are told in words', () => {
  const routes: AlertRoute[] = [
    { channels: ['chat'], types: ['backup_failed'], databases: ['shop'], clusters: ['default'] },
    { channels: ['chat'], minimumPriority: 'critical' },
  ];
  expect(describeRoutes('mail', routes)).toBe('every alert');
  expect(describeRoutes('chat', routes)).toBe(
    'backup_failed of database shop of cluster default; or every alert from priority critical',
  );
});
