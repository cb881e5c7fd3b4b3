// node:ffi, without the warning that it is experimental: the library stands between it and the program.

const { emitWarning } = process;
process.emitWarning = () => {};
const ffi = process.getBuiltinModule("node:ffi");
process.emitWarning = emitWarning;

export const { dlopen, getInt32, getRawPointer, toArrayBuffer, toBuffer } = ffi;
