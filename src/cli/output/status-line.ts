import type { WriteStream } from 'node:tty';
import { cutToWidth } from './cut.js';
import type { OutputStream } from './output.js';

/** A line at the foot of a terminal that is drawn anew, under everything else that is written. */
export interface StatusLine {
  /** Takes what else goes to the terminal, in whole lines. */
  readonly above: OutputStream;
  show(text: string): void;
  /** Removes it. */
  stop(): void;
}

const clearLine = '\r\u001b[2K';

/** Draws on a terminal; elsewhere what is shown is not, and the rest goes through as it is. */
export function createStatusLine(terminal: OutputStream, isTerminal: boolean): StatusLine {
  if (!isTerminal) return { above: terminal, show: () => undefined, stop: () => undefined };
  let text = '';
  let isDrawn = false;
  const draw = () => {
    terminal.write(`${clearLine}${cutToWidth(text, terminal.columns ?? 80)}`);
    isDrawn = true;
  };
  const erase = () => {
    if (isDrawn) terminal.write(clearLine);
    isDrawn = false;
  };
  return {
    above: writingAbove(terminal, () => {
      erase();
      return () => text && draw();
    }),
    show(next) {
      if (next === text && isDrawn) return;
      text = next;
      draw();
    },
    stop() {
      text = '';
      erase();
    },
  };
}

/** The terminal, but that each write is done between two steps: what makes room for it, and what follows. */
function writingAbove(terminal: OutputStream, makeRoom: () => () => void): OutputStream {
  const write = (...written: Parameters<WriteStream['write']>) => {
    const follow = makeRoom();
    const isFlushed = (terminal as WriteStream).write(...written);
    follow();
    return isFlushed;
  };
  return new Proxy(terminal, {
    get: (stream, name) => {
      const value: unknown = name === 'write' ? write : Reflect.get(stream, name, stream);
      return typeof value === 'function' && name !== 'write' ? value.bind(stream) : value;
    },
  });
}
