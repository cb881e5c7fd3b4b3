// Addresses as text: dotted IPv4, and IPv6 by RFC 5952 (lower case, no leading zeros, the longest run of zeros as "::").

import { Text } from "../lib/text";
import { Address } from "./address";

const DOT: u32 = 0x2e;
const COLON: u32 = 0x3a;
const WORDS: i32 = 8;

/** Append an address; returns `text` for more. */
export function writeAddress(text: Text, address: Address): Text {
  if (address.isIpv4) return writeIpv4(text, address.ipv4);
  let start = longestZeroRun(address);
  for (let i = 0; i < WORDS; i++) {
    if (i == start) {
      text.byte(COLON).byte(COLON);
      i += runLength(address, i) - 1;
      continue;
    }
    writeHex(text, word(address, i));
    if (i < WORDS - 1 && i + 1 != start) text.byte(COLON);
  }
  return text;
}

/** Without leading zeros. */
function writeHex(text: Text, value: u32): void {
  let isLeading = true;
  for (let shift = 12; shift >= 0; shift -= 4) {
    let digit = (value >> shift) & 0xf;
    if (isLeading && digit == 0 && shift > 0) continue;
    isLeading = false;
    text.byte(digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
}

function writeIpv4(text: Text, value: u32): Text {
  for (let shift = 24; shift >= 0; shift -= 8) {
    text.decimal((value >> shift) & 0xff);
    if (shift > 0) text.byte(DOT);
  }
  return text;
}

function word(address: Address, index: i32): u32 {
  let half = index < 4 ? address.high : address.low;
  return <u32>(half >> (<u64>(3 - (index & 3)) * 16)) & 0xffff;
}

function runLength(address: Address, from: i32): i32 {
  let length = 0;
  while (from + length < WORDS && word(address, from + length) == 0) length++;
  return length;
}

/** Where the longest run of at least two zero words begins; -1 when there is none. */
function longestZeroRun(address: Address): i32 {
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < WORDS; i++) {
    let length = runLength(address, i);
    if (length > bestLength) {
      best = i;
      bestLength = length;
    }
  }
  return best;
}

/** What a text said: set by `parse`. */
export const parsed: Address = new Address();
/** Prefix length after a slash, of the address's own family; -1 when there was none. */
export let parsedPrefix: i32 = -1;

/** Read "10.0.0.1", "10.0.0.1/24", "fe80::1", "fd00::1/64" into `parsed`. False when it is none of these. */
export function parse(text: StaticArray<u8>): bool {
  let end = text.length;
  parsedPrefix = -1;
  for (let i = 0; i < text.length; i++) {
    if (text[i] != 0x2f) continue;
    parsedPrefix = decimal(text, i + 1, text.length, 128);
    if (parsedPrefix < 0) return false;
    end = i;
    break;
  }
  let isIpv6 = false;
  for (let i = 0; i < end; i++) if (text[i] == COLON) isIpv6 = true;
  if (isIpv6) return parseIpv6(text, end);
  return parsedPrefix <= 32 && parseIpv4(text, end);
}

/** A decimal number in [start, end), -1 when it is none or above `limit`. */
function decimal(text: StaticArray<u8>, start: i32, end: i32, limit: i32): i32 {
  if (start >= end || end - start > 3) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    let digit = <i32>text[i] - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= limit ? value : -1;
}

function parseIpv4(text: StaticArray<u8>, end: i32): bool {
  let value: u32 = 0;
  let parts = 0;
  let start = 0;
  for (let i = 0; i <= end; i++) {
    if (i < end && text[i] != DOT) continue;
    let part = decimal(text, start, i, 255);
    if (part < 0) return false;
    value = (value << 8) | part;
    parts++;
    start = i + 1;
  }
  parsed.setIpv4(value);
  return parts == 4;
}

function parseIpv6(text: StaticArray<u8>, end: i32): bool {
  let words = new StaticArray<u32>(WORDS);
  let count = 0;
  let gap = -1;
  let at = 0;
  while (at < end) {
    if (text[at] == COLON) {
      if (at + 1 < end && text[at + 1] == COLON) {
        if (gap >= 0) return false;
        gap = count;
        at += 2;
        continue;
      }
      if (at == 0 || at + 1 == end) return false;
      at++;
    }
    let value: u32 = 0;
    let digits = 0;
    for (; at < end && text[at] != COLON; at++, digits++) {
      let digit = hexDigit(text[at]);
      if (digit < 0 || digits == 4) return false;
      value = (value << 4) | digit;
    }
    if (digits == 0 || count == WORDS) return false;
    words[count++] = value;
  }
  if (gap < 0 ? count != WORDS : count == WORDS) return false;
  let high: u64 = 0;
  let low: u64 = 0;
  let missing = WORDS - count;
  for (let i = 0; i < WORDS; i++) {
    let value: u64 = 0;
    if (gap < 0 || i < gap) value = words[i];
    else if (i >= gap + missing) value = words[i - missing];
    if (i < 4) high = (high << 16) | value;
    else low = (low << 16) | value;
  }
  parsed.set(high, low);
  return true;
}

function hexDigit(byte: u32): i32 {
  if (byte >= 0x30 && byte <= 0x39) return <i32>byte - 0x30;
  let letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? <i32>letter - 0x57 : -1;
}
