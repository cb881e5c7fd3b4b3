// The Gregorian calendar, as far as a clock chip needs it.

/** Days since 1 January 1970. Years are counted from March, so that the leap day is the last of its year. */
export function daysSince1970(year: u32, month: u32, day: u32): u64 {
  let marchYear = month > 2 ? year : year - 1;
  let monthFromMarch = month > 2 ? month - 3 : month + 9;
  let days = marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400;
  return <u64>(days + (monthFromMarch * 153 + 2) / 5 + day - 1) - 719_468;
}
