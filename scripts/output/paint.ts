// Colours, on a terminal only. A painter for a stream that is not a terminal returns every text unchanged, so that pipes and
// files never see an escape sequence. Used by the commands through their session.

export type Paint = "red" | "green" | "yellow" | "cyan" | "dim" | "bold";

export type Painter = (paint: Paint, text: string) => string;

const CODES: Readonly<Record<Paint, readonly [open: number, close: number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
};

export function painter(enabled: boolean): Painter {
  if (!enabled) return (_paint, text) => text;
  return (paint, text) => {
    const [open, close] = CODES[paint];
    return `\u001b[${open}m${text}\u001b[${close}m`;
  };
}

/** Whether a stream gets colours: it is a terminal, and neither NO_COLOR (no-color.org) nor TERM=dumb says otherwise. */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): boolean {
  return stream.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}

const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Text that others wrote, made safe for a terminal: control characters could move the cursor or hide what follows. */
export function printable(text: string): string {
  return text.replace(UNSAFE, "\ufffd");
}
