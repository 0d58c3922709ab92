// What is wrong with an expression, for the person who wrote it: where, what was expected, how to fix it.

export interface ExpressionDiagnostic {
  /** Offsets into the source, in UTF-16 units; `end` is exclusive and may equal `start` at the end of the source. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
  /** What could stand here instead. */
  readonly expected?: string;
  /** The change that would repair it. */
  readonly fix?: string;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Makes a diagnostic; undefined parts are left out. */
export function diagnose(
  span: Span,
  message: string,
  more: { expected?: string | undefined; fix?: string | undefined } = {},
): ExpressionDiagnostic {
  return {
    start: span.start,
    end: span.end,
    message,
    ...(more.expected === undefined ? {} : { expected: more.expected }),
    ...(more.fix === undefined ? {} : { fix: more.fix }),
  };
}

/** A sentence that ends with what to do, "...; write ...", in its two parts. */
export function splitAdvice(sentence: string): { readonly problem: string; readonly fix?: string } {
  const [, problem = sentence, fix] = /^(.*?); ((?:write|use) .*)$/s.exec(sentence) ?? [];
  return fix === undefined ? { problem } : { problem, fix };
}

/** Characters that a terminal does not show, or that move what stands around them: controls, joiners, marks of direction. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** The line with the problem, a caret line under it, and the message. Long lines are cut around the problem. */
export function renderDiagnostic(source: string, diagnostic: ExpressionDiagnostic): string {
  const start = Math.min(diagnostic.start, source.length);
  const lineStart = start === 0 ? 0 : source.lastIndexOf("\n", start - 1) + 1;
  const nextBreak = source.indexOf("\n", start);
  const lineEnd = nextBreak === -1 ? source.length : nextBreak;
  const cutStart = wholeCharacter(source, Math.max(lineStart, start - 60));
  const cutEnd = wholeCharacter(source, Math.min(lineEnd, cutStart + 120));
  const before = (cutStart > lineStart ? "…" : "") + source.slice(cutStart, start);
  const line = before + source.slice(start, cutEnd) + (cutEnd < lineEnd ? "…" : "");
  const carets = "^".repeat(Math.max(1, Math.min(diagnostic.end, cutEnd) - start));
  const lines = [visible(line), `${" ".repeat(before.length)}${carets}`, visible(diagnostic.message)];
  if (diagnostic.expected !== undefined) lines.push(`expected: ${visible(diagnostic.expected)}`);
  if (diagnostic.fix !== undefined) lines.push(`fix: ${visible(diagnostic.fix)}`);
  return lines.join("\n");
}

/** Not between the halves of a surrogate pair. */
function wholeCharacter(source: string, at: number): number {
  return /^[\udc00-\udfff]/.test(source.slice(at, at + 1)) && /[\ud800-\udbff]$/.test(source.slice(0, at)) ? at + 1 : at;
}

/** The candidate that is most likely meant: few edits away, or the same but for case and separators. Null when none is near. */
export function nearestName(name: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(name.length / 4)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = plain(candidate) === plain(name) ? 0 : editDistance(name, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[._-]/g, "");
}

function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1] ? 0 : 1;
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (previous[column - 1] ?? 0) + same));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}

/** One column for each character, so that the caret stays in place. */
function visible(text: string): string {
  return text.replaceAll(UNSEEN, " ");
}
