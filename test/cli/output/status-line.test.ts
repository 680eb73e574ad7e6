import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createStatusLine } from '../../../src/cli/output/status-line.js';

const clear = '\r\u001b[2K';

/** What is written to a terminal of 20 columns. */
function terminal() {
  let written = '';
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 20 });
  stream.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  return { stream, written: () => written };
}

test('what is written meanwhile stands above the line, which is drawn again below it', () => {
  const { stream, written } = terminal();
  const line = createStatusLine(stream, true);
  line.show('nothing runs');
  line.above.write('published\n');
  line.stop();
  line.above.write('stopped\n');
  expect(written()).toBe(`${clear}nothing runs${clear}published\n${clear}nothing runs${clear}stopped\n`);
});

test('a line is cut so that the terminal does not wrap it', () => {
  const { stream, written } = terminal();
  createStatusLine(stream, true).show('full backup of a database with a long name');
  expect(written()).toBe(`${clear}full backup of a d…`);
});

test('where there is no terminal nothing is drawn', () => {
  const { stream, written } = terminal();
  const line = createStatusLine(stream, false);
  line.show('nothing runs');
  line.above.write('published\n');
  line.stop();
  expect(written()).toBe('published\n');
});
