// The part of jsnes that main.ts uses: its own declarations name files in a way that "nodenext" does not resolve.

declare module "jsnes" {
  type Button = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

  export class NES {
    constructor(options: { onFrame(picture: Uint32Array): void; emulateSound: boolean });
    loadROM(rom: Uint8Array): void;
    frame(): void;
    buttonDown(controller: 1 | 2, button: Button): void;
    buttonUp(controller: 1 | 2, button: Button): void;
  }

  export const Controller: {
    readonly BUTTON_A: 0;
    readonly BUTTON_B: 1;
    readonly BUTTON_SELECT: 2;
    readonly BUTTON_START: 3;
    readonly BUTTON_UP: 4;
    readonly BUTTON_DOWN: 5;
    readonly BUTTON_LEFT: 6;
    readonly BUTTON_RIGHT: 7;
  };
}
