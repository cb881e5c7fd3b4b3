// machine/image in TypeScript: a machine whose kernel image takes no physical memory unless a test says so.

export class SimulatedImage {
  physicalStart = 0n;
  physicalEnd = 0n;
  textStart = 0xffffffff80000000n;
  textEnd = 0xffffffff80100000n;
  readOnlyEnd = 0xffffffff80180000n;
  dataEnd = 0xffffffff80200000n;
  bootStacks = 0n;
  rootRecord = 0n;
  linearBytes = 0;
  linearPhysicalBase = 0n;
  bootPageTable = 0n;
  vdsoStart = 0n;
  vdsoSize = 0;
}

export function imageImports(image: SimulatedImage) {
  return {
    physicalStart: () => image.physicalStart,
    physicalEnd: () => image.physicalEnd,
    textStart: () => image.textStart,
    textEnd: () => image.textEnd,
    readOnlyEnd: () => image.readOnlyEnd,
    dataEnd: () => image.dataEnd,
    bootStacks: () => image.bootStacks,
    rootRecord: () => image.rootRecord,
    linearBytes: () => image.linearBytes,
    linearPhysicalBase: () => image.linearPhysicalBase,
    bootPageTable: () => image.bootPageTable,
    vdsoStart: () => image.vdsoStart,
    vdsoSize: () => image.vdsoSize,
  };
}
