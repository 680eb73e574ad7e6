import { expect, test } from 'vitest';
import { archiveNews, type ToldArchive, type WrongArchive } from '../../../src/domain/wal/archive-news.js';

const start = Date.parse('2026-01-10T12:00:00.000Z');
const hourMs = 60 * 60 * 1000;
const gap: WrongArchive = { message: '1 gap', priority: 'critical' };

test('a week of hourly cycles tells a gap once a day, what changes at once, and its end', () => {
  let last: ToldArchive | null = null;
  const heard: [number, string][] = [];
  for (let hour = 0; hour < 7 * 24; hour++) {
    const wrong =
      hour >= 150 ? null : hour >= 60 ? { ...gap, priority: 'high' as const } : hour >= 5 ? gap : null;
    const news = archiveNews(last, wrong, new Date(start + hour * hourMs), 24);
    last = news.told;
    if (news.message !== undefined) heard.push([hour, news.message]);
  }
  expect(heard).toEqual([
    [5, '1 gap'],
    [29, 'still, after 1d: 1 gap'],
    [53, 'still, after 2d: 1 gap'],
    [60, '1 gap'],
    [84, 'still, after 1d: 1 gap'],
    [108, 'still, after 2d: 1 gap'],
    [132, 'still, after 3d: 1 gap'],
    [150, 'the WAL archive is whole again after 3d 18h'],
  ]);
});
