// What a process does on each signal: man 2 sigaction.

export class SignalActions {}
