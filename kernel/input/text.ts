// Names of devices as bytes.

/** A constant as bytes. */
export function bytesOf(text: string): StaticArray<u8> {
  let bytes = new StaticArray<u8>(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = <u8>text.charCodeAt(i);
  return bytes;
}

/** A number from 0 to 99 in base 10. */
export function decimalString(value: i32): string {
  let units = String.fromCharCode(0x30 + (value % 10));
  return value < 10 ? units : String.fromCharCode(0x30 + value / 10) + units;
}
