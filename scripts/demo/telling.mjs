const color = process.stdout.isTTY && !process.env.NO_COLOR;

/** Whether the commands of the demo may use colours though their output is passed on. */
export const colorOfCommands = color ? { FORCE_COLOR: '1' } : {};

/** What happens next. */
export function say(text) {
  console.log(`\n${bold(text)}`);
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
