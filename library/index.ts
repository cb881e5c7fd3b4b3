// import { framebuffer, input, machine, syscall } from "eggos";

export * as framebuffer from "./framebuffer/index.ts";
export * as input from "./input/index.ts";
export * as machine from "./machine/index.ts";
export * as syscall from "./syscall/index.ts";
