// Characters as a VGA's text mode has them: IBM's code page 437, and what comes nearest to others.

import { COMPOSED, COMPOSED_BASE } from "../../../build/generated/characters";
import { glyphOf } from "./font";

/** 0x01 to 0x1f (IBM, "Code Page 437", with the graphic characters of the control positions). */
const LOW: string = "☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";
/** 0x80 to 0xff. */
const HIGH: string =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
/** Characters and what stands for each. */
const SIMILAR_FROM: string =
  "‐‑‒–—―‘’‚“”„′″…‹›◆●○◦▪▫□▶◀▸◂╭╮╯╰━┃┏┓┗┛┣┫┳┻╋╱╲╳✓✔✗✘×−∗⁄ıſΑΒΕΖΗΙΚΜΝΟΡΤΥΧοАВЕКМНОРСТХаеорсухіјѕłŁøØđĐħĦŧŦŋŊœŒ";
const SIMILAR_TO: string =
  "------''''\"\"'\".<>\u2666•oo■■■►◄►◄┌┐┘└─│┌┐└┘├┤┬┴┼/\\X√√xxx-*/isABEZHIKMNOPTYXoABEKMHOPCTXaeopcyxijslLoOdDhHtTnNoO";
const QUESTION_MARK: u32 = 0x3f;

function indexIn(text: string, code: i32): i32 {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) == code) return i;
  return -1;
}

/** The byte for a character: itself, one much like it, or a question mark. */
export function cp437Of(code: u32): u32 {
  if (code >= 0x20 && code < 0x7f) return code;
  let found = exact(code);
  if (found != 0) return found;
  let place = code < 0x10000 ? indexIn(SIMILAR_FROM, <i32>code) : -1;
  if (place >= 0) {
    let similar = SIMILAR_TO.charCodeAt(place);
    return similar < 0x7f ? <u32>similar : exact(<u32>similar);
  }
  let base = withoutMark(code);
  return base == code ? QUESTION_MARK : cp437Of(base);
}

function exact(code: u32): u32 {
  if (code > 0xffff) return 0;
  let high = indexIn(HIGH, <i32>code);
  if (high >= 0) return 0x80 + <u32>high;
  return <u32>(indexIn(LOW, <i32>code) + 1);
}

/** The letter of a letter with a mark; the code itself when it has none. */
function withoutMark(code: u32): u32 {
  if (glyphOf(code) < 0) return code;
  let low = 0;
  let high = COMPOSED.length;
  while (low < high) {
    let middle = (low + high) >> 1;
    if (COMPOSED[middle] < code) low = middle + 1;
    else high = middle;
  }
  return low < COMPOSED.length && COMPOSED[low] == code ? COMPOSED_BASE[low] : code;
}
