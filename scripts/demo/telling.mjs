const color = process.stdout.isTTY && !process.env.NO_COLOR;

/** Whether the commands of the demo may use colours though their output is passed on. */
export const colorOfCommands = color ? { FORCE_COLOR: '1' } : {};

/** What happens next. */
export function say(text) {
  console.log(`\n${bold(text)}`);
}

/**
 * Tells what goes on meanwhile, in words whose figures grow: on a terminal in one line that changes, elsewhere each new
 * thing at once and its figures every half a minute.
 */
export function meanwhile() {
  const seen = new Map();
  const isTerminal = process.stdout.isTTY === true;
  let held = false;
  return {
    tell(text) {
      const [what] = text.split(/: \d/);
      if (isTerminal) {
        process.stdout.write(`\r\u001b[K  ${text.slice(0, (process.stdout.columns || 80) - 3)}`);
        held = true;
      } else if (Date.now() - (seen.get(what) ?? 0) > 30_000) {
        seen.set(what, Date.now());
        console.log(`  ${text}`);
      }
    },
    end() {
      if (held) process.stdout.write('\r\u001b[K');
    },
  };
}

/** A command, as it was typed. */
export function typed(text, prompt = '$') {
  console.log(`\n${color ? `\u001b[36m${prompt}\u001b[0m ` : `${prompt} `}${bold(text)}`);
}

/** A number with its thousands apart. */
export function count(number) {
  return Number(number).toLocaleString('en-US');
}

function bold(text) {
  return color ? `\u001b[1m${text}\u001b[0m` : text;
}
