import { expect, test } from 'vitest';
import type { Finding, HealthState } from '../../../src/domain/health/finding.js';
import { planAlerts, type ToldStates } from '../../../src/domain/health/plan-alerts.js';

const start = Date.parse('2026-01-10T12:00:00.000Z');
const hourMs = 60 * 60 * 1000;

function finding(state: HealthState, database = 'shop'): Finding {
  return {
    ...{ check: 'backup_age', cluster: 'default', database, state, message: 'shop is old' },
    ...{ threshold: '', remedy: '', metrics: { backup_age_hours: 30 } },
  };
}

/** What is told of a state that looks find one after the other, an hour apart. */
function looks(...states: HealthState[]) {
  let told: ToldStates = {};
  return states.map((state, hours) => {
    const now = new Date(start + hours * hourMs);
    const plan = planAlerts({ told, findings: [finding(state)], now, reminderHours: 3 });
    told = plan.told;
    return plan.alerts.map(({ kind, alert }) => `${kind} ${alert.priority}`);
  });
}

test('what is well from the beginning is not told', () => {
  expect(looks('ok', 'ok', 'not applicable')).toEqual([[], [], []]);
});

test('a change is told once, then again after the interval, and its end', () => {
  expect(looks('ok', 'critical', 'critical', 'critical', 'critical', 'critical', 'ok', 'ok')).toEqual([
    [],
    ['change critical'],
    [],
    [],
    ['reminder critical'],
    [],
    ['recovery info'],
    [],
  ]);
});

test('a warning that becomes critical, and back, is told at once', () => {
  expect(looks('warning', 'critical', 'warning', 'ok')).toEqual([
    ['change medium'],
    ['change critical'],
    ['change medium'],
    ['recovery info'],
  ]);
});

test('what is not applicable neither ends nor begins anything', () => {
  expect(looks('critical', 'not applicable', 'not applicable', 'critical', 'not applicable', 'ok')).toEqual([
    ['change critical'],
    [],
    [],
    ['reminder critical'],
    [],
    ['recovery info'],
  ]);
});

test('databases and checks are told apart, and an alert has what the check found', () => {
  const findings = [finding('critical'), finding('critical', '__proto__'), finding('ok', 'x')];
  const now = new Date(start);
  const { alerts, told } = planAlerts({ told: {}, findings, now, reminderHours: 3 });
  expect(alerts.map(({ alert }) => alert.database)).toEqual(['shop', '__proto__']);
  expect(alerts[0]?.alert).toEqual({
    ...{ type: 'backup_age', priority: 'critical', message: 'shop is old', database: 'shop' },
    ...{ cluster: 'default', time: now.toISOString() },
    metrics: { backup_age_hours: 30, check: 'backup_age', state: 'critical' },
  });
  const again = planAlerts({ told: JSON.parse(JSON.stringify(told)), findings, now, reminderHours: 3 });
  expect(again.alerts).toEqual([]);
});

test('what no look finds any more is forgotten in the end', () => {
  const now = new Date(start);
  const { told } = planAlerts({ told: {}, findings: [finding('critical')], now, reminderHours: 3 });
  const later = (days: number) =>
    planAlerts({ told, findings: [], now: new Date(start + days * 24 * hourMs), reminderHours: 3 }).told;
  expect(Object.keys(later(29))).toHaveLength(1);
  expect(later(31)).toEqual({});
});

test('what is told of an end says how bad it was at its worst, and a finding’s remedy goes with it', () => {
  let told: ToldStates = {};
  const ends = (['warning', 'critical', 'warning', 'ok', 'warning', 'ok'] as const).map((state, hours) => {
    const now = new Date(start + hours * hourMs);
    const plan = planAlerts({
      ...{ told, now, reminderHours: 3 },
      findings: [{ ...finding(state), remedy: state === 'ok' ? '' : 'take one' }],
    });
    told = plan.told;
    return plan.alerts.map(({ alert }) => [alert.ends, alert.remedy]);
  });
  expect(ends).toEqual([
    [[undefined, 'take one']],
    [['medium', 'take one']],
    [['critical', 'take one']],
    [['critical', undefined]],
    [[undefined, 'take one']],
    [['medium', undefined]],
  ]);
});
