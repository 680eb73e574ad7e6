import { type GenericFormatter, MultiBar, type SingleBar } from 'cli-progress';
import pc from 'picocolors';
import type { DumpProgress } from '../../domain/backup/contracts.js';
import { cutToWidth } from './cut.js';
import { bytes, duration, printable, rate } from './format.js';

/** What a person sees of a running backup. */
export interface Progress {
  /** The dump's latest heartbeat. */
  update(progress: DumpProgress): void;
  /** A step that tells nothing but its name. */
  step(words: string): void;
  /** How far it is, which changes often: like figures, a line now and then where there is no terminal. */
  standing(words: string): void;
  /** A line that stays. */
  note(text: string): void;
  /** Removes what was drawn. */
  stop(): void;
}

export interface ProgressOptions {
  stream: NodeJS.WritableStream;
  /** A terminal gets a bar that is redrawn, anything else a line now and then. */
  isTerminal: boolean;
  /** @defaultValue false */
  color?: boolean;
  /** Nothing at all. @defaultValue false */
  quiet?: boolean;
  /** Time between two lines where there is no terminal. @defaultValue 10000 */
  lineEveryMs?: number;
}

/** Makes the {@link Progress} that fits where it is shown. */
export function createProgress(options: ProgressOptions): Progress {
  if (options.quiet) return silent;
  return options.isTerminal ? barProgress(options) : lineProgress(options);
}

const nothing = () => undefined;
const silent: Progress = { update: nothing, step: nothing, standing: nothing, note: nothing, stop: nothing };

function lineProgress({ stream, lineEveryMs = 10_000 }: ProgressOptions): Progress {
  let lastAt = performance.now();
  let lastStep: string | undefined;
  const write = (text: string) => void stream.write(`${text}\n`);
  const writeNowAndThen = (text: string) => {
    if (performance.now() - lastAt < lineEveryMs) return;
    lastAt = performance.now();
    write(text);
  };
  return {
    update: (progress) => writeNowAndThen(`${figures(progress)}, ${printable(progress.doing)}`),
    standing: (words) => writeNowAndThen(printable(words)),
    step(words) {
      if (words !== lastStep) write(printable(words));
      lastStep = words;
    },
    note: (text) => write(printable(text)),
    stop: nothing,
  };
}

const redrawsPerSecond = 8;

function barProgress({ stream, color = false }: ProgressOptions): Progress {
  const format: GenericFormatter = (_, { maxWidth }, payload) =>
    drawLine(payload as Drawn, maxWidth ?? 80, color);
  const bars = new MultiBar({
    ...{
      stream,
      format,
      fps: redrawsPerSecond,
      clearOnComplete: true,
      hideCursor: true,
      gracefulExit: false,
    },
  });
  let bar: SingleBar | undefined;
  const show = (drawn: Drawn) => {
    // The payload is merged: what the last one had and this one has not must not stay.
    const payload = { doing: undefined, progress: undefined, ...drawn };
    if (bar) bar.update(payload);
    else {
      bar = bars.create(1, 0, payload);
      process.once('exit', stop);
    }
  };
  // Also at a second Ctrl-C, which ends the process at once: its terminal would keep no cursor.
  const stop = () => {
    process.off('exit', stop);
    if (!bar) return;
    // Notes wait for the next drawing, which would not come.
    bars.update();
    bars.stop();
    bar = undefined;
  };
  return {
    update: (progress) => show({ progress }),
    step: (doing) => show({ doing }),
    standing: (doing) => show({ doing }),
    note(text) {
      if (bar) bars.log(`${printable(text)}\n`);
      else stream.write(`${printable(text)}\n`);
    },
    stop,
  };
}

interface Drawn {
  progress?: DumpProgress | undefined;
  /** Of a step without figures. */
  doing?: string | undefined;
}

const barWidth = 20;

function drawLine({ progress, doing = '' }: Drawn, width: number, color: boolean): string {
  const { cyan, dim } = pc.createColors(color);
  if (!progress) return cutToWidth(printable(doing), width);
  const { storedBytes, expectedBytes } = progress;
  const bar = expectedBytes ? `${drawBar(storedBytes / expectedBytes)} ` : '';
  const told = figures(progress);
  const rest = cutToWidth(`  ${printable(progress.doing)}`, width - bar.length - told.length);
  return `${cyan(bar)}${told}${dim(rest)}`;
}

function drawBar(share: number): string {
  const full = Math.min(barWidth, Math.floor(share * barWidth));
  return '█'.repeat(full) + '░'.repeat(barWidth - full);
}

/** Share only where the size is known, and never all of it: the last backup's size is an estimate. */
export function figures({
  storedBytes,
  expectedBytes,
  bytesPerSecond,
  elapsedSeconds,
}: DumpProgress): string {
  const share = expectedBytes
    ? `${Math.min(99, Math.floor((100 * storedBytes) / expectedBytes))} % of about `
    : '';
  const size = expectedBytes ? `${bytes(expectedBytes)}, ${bytes(storedBytes)}` : bytes(storedBytes);
  return `${share}${size}, ${rate(bytesPerSecond)}, ${duration(Math.floor(elapsedSeconds))}`;
}
