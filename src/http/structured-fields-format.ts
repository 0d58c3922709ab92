// Writes structured fields (RFC 9651 4.1). A value that the format cannot hold is a bug of the caller and throws, so callers make
// values of outside text with `textItem`, which always can be written. Parsing is `structured-fields.ts`.

import type { BareItem, Item, Member, Parameters } from "./structured-fields.ts";

const TOKEN = /^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*$/;
const KEY = /^[a-z*][a-z0-9_\-.*]*$/;

export function formatItem(item: Item): string {
  return formatBareItem(item.value) + formatParameters(item.parameters);
}

export function formatList(members: readonly Member[]): string {
  return members.map(formatMember).join(", ");
}

export function formatDictionary(members: ReadonlyMap<string, Member>): string {
  return [...members].map(([name, member]) => formatEntry(name, member)).join(", ");
}

/** Any text as an item: a token if it is one, else a string, or a display string where it has other characters than ASCII. */
export function textItem(text: string): BareItem {
  if (TOKEN.test(text)) return { type: "token", value: text };
  return /^[\x20-\x7e]*$/.test(text) ? { type: "string", value: text } : { type: "display-string", value: text };
}

function formatMember(member: Member): string {
  if (member.kind === "item") return formatItem(member);
  return `(${member.items.map(formatItem).join(" ")})${formatParameters(member.parameters)}`;
}

function formatEntry(name: string, member: Member): string {
  const isTrue = member.kind === "item" && member.value.type === "boolean" && member.value.value;
  return checkedKey(name) + (isTrue ? formatParameters(member.parameters) : `=${formatMember(member)}`);
}

function formatParameters(parameters: Parameters): string {
  return [...parameters]
    .map(([name, value]) => `;${checkedKey(name)}${value.type === "boolean" && value.value ? "" : `=${formatBareItem(value)}`}`)
    .join("");
}

export function formatBareItem(item: BareItem): string {
  switch (item.type) {
    case "integer":
      return formatInteger(item.value);
    case "decimal":
      return formatDecimal(item.value);
    case "date":
      return `@${formatInteger(item.value)}`;
    case "boolean":
      return item.value ? "?1" : "?0";
    case "token":
      if (!TOKEN.test(item.value)) throw new RangeError(`not a token: ${JSON.stringify(item.value)}`);
      return item.value;
    case "string":
      if (!/^[\x20-\x7e]*$/.test(item.value)) throw new RangeError(`a string has ASCII characters only: ${JSON.stringify(item.value)}`);
      return `"${item.value.replaceAll(/["\\]/g, "\\$&")}"`;
    case "bytes":
      return `:${btoa(String.fromCharCode(...item.value))}:`;
    case "display-string":
      return formatDisplayString(item.value);
    default:
      return item satisfies never;
  }
}

function formatInteger(value: number): string {
  if (!Number.isInteger(value) || Math.abs(value) > 999_999_999_999_999) throw new RangeError(`not an integer of 15 digits: ${value}`);
  return String(value === 0 ? 0 : value);
}

/** Rounded to three decimals, to the even digit on a tie (RFC 9651 4.1.5). */
function formatDecimal(value: number): string {
  const scaled = value * 1000;
  const floor = Math.floor(scaled);
  const tie = scaled - floor === 0.5;
  const rounded = tie ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(scaled);
  if (!Number.isFinite(value) || Math.abs(rounded) > 999_999_999_999_999) throw new RangeError(`not a decimal of 12 digits: ${value}`);
  const digits = String(Math.abs(rounded)).padStart(4, "0");
  const fraction = digits.slice(-3).replace(/0{1,2}$/, "");
  return `${rounded < 0 ? "-" : ""}${digits.slice(0, -3)}.${fraction}`;
}

/** Lone surrogates become U+FFFD, as in any UTF-8. */
function formatDisplayString(text: string): string {
  const encoded = [...new TextEncoder().encode(text)].map((byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x22 && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, "0")}`,
  );
  return `%"${encoded.join("")}"`;
}

function checkedKey(name: string): string {
  if (!KEY.test(name)) throw new RangeError(`not a key: ${JSON.stringify(name)}`);
  return name;
}
