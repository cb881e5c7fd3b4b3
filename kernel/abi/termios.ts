// Terminals: Linux include/uapi/asm-generic/termbits.h, ioctls.h, termios.h.

export const IGNBRK: u32 = 0o1;
export const BRKINT: u32 = 0o2;
export const IGNPAR: u32 = 0o4;
export const PARMRK: u32 = 0o10;
export const INPCK: u32 = 0o20;
export const ISTRIP: u32 = 0o40;
export const INLCR: u32 = 0o100;
export const IGNCR: u32 = 0o200;
export const ICRNL: u32 = 0o400;
export const IUCLC: u32 = 0o1000;
export const IXON: u32 = 0o2000;
export const IXANY: u32 = 0o4000;
export const IXOFF: u32 = 0o10000;
export const IMAXBEL: u32 = 0o20000;
export const IUTF8: u32 = 0o40000;

export const OPOST: u32 = 0o1;
export const OLCUC: u32 = 0o2;
export const ONLCR: u32 = 0o4;
export const OCRNL: u32 = 0o10;
export const ONOCR: u32 = 0o20;
export const ONLRET: u32 = 0o40;
export const TABDLY: u32 = 0o14000;
export const XTABS: u32 = 0o14000;

export const CBAUD: u32 = 0o10017;
/** The speed is the number in c_ospeed, c_ispeed. */
export const BOTHER: u32 = 0o10000;
export const B38400: u32 = 0o17;
export const B115200: u32 = 0o10002;
export const CS8: u32 = 0o60;
export const CREAD: u32 = 0o200;
export const HUPCL: u32 = 0o2000;
export const CLOCAL: u32 = 0o4000;

export const ISIG: u32 = 0o1;
export const ICANON: u32 = 0o2;
export const ECHO: u32 = 0o10;
export const ECHOE: u32 = 0o20;
export const ECHOK: u32 = 0o40;
export const ECHONL: u32 = 0o100;
export const NOFLSH: u32 = 0o200;
export const TOSTOP: u32 = 0o400;
export const ECHOCTL: u32 = 0o1000;
export const ECHOPRT: u32 = 0o2000;
export const ECHOKE: u32 = 0o4000;
export const PENDIN: u32 = 0o40000;
export const IEXTEN: u32 = 0o100000;
export const EXTPROC: u32 = 0o200000;

export const VINTR: i32 = 0;
export const VQUIT: i32 = 1;
export const VERASE: i32 = 2;
export const VKILL: i32 = 3;
export const VEOF: i32 = 4;
export const VTIME: i32 = 5;
export const VMIN: i32 = 6;
export const VSWTC: i32 = 7;
export const VSTART: i32 = 8;
export const VSTOP: i32 = 9;
export const VSUSP: i32 = 10;
export const VEOL: i32 = 11;
export const VREPRINT: i32 = 12;
export const VDISCARD: i32 = 13;
export const VWERASE: i32 = 14;
export const VLNEXT: i32 = 15;
export const VEOL2: i32 = 16;
export const NCCS: i32 = 19;

/** struct termios as the kernel has it: four words, c_line, c_cc. */
export const TERMIOS_SIZE: u64 = 36;
/** struct termios2: the same and two speeds. */
export const TERMIOS2_SIZE: u64 = 44;

/** struct termio, System V's: four 16-bit words, c_line, eight characters (asm-generic/termios.h). */
export const TERMIO_SIZE: u64 = 18;
export const TERMIO_CHARACTERS: i32 = 8;

export const TCGETS: u32 = 0x5401;
export const TCSETS: u32 = 0x5402;
export const TCSETSW: u32 = 0x5403;
export const TCSETSF: u32 = 0x5404;
export const TCGETA: u32 = 0x5405;
export const TCSETA: u32 = 0x5406;
export const TCSETAW: u32 = 0x5407;
export const TCSETAF: u32 = 0x5408;
export const TCSBRK: u32 = 0x5409;
export const TCXONC: u32 = 0x540a;
export const TCFLSH: u32 = 0x540b;
export const TIOCEXCL: u32 = 0x540c;
export const TIOCNXCL: u32 = 0x540d;
export const TIOCSCTTY: u32 = 0x540e;
export const TIOCGPGRP: u32 = 0x540f;
export const TIOCSPGRP: u32 = 0x5410;
export const TIOCOUTQ: u32 = 0x5411;
export const TIOCSTI: u32 = 0x5412;
export const TIOCGWINSZ: u32 = 0x5413;
export const TIOCSWINSZ: u32 = 0x5414;
export const FIONREAD: u32 = 0x541b;
export const TIOCCONS: u32 = 0x541d;
export const FIONBIO: u32 = 0x5421;
export const TIOCNOTTY: u32 = 0x5422;
export const TIOCSETD: u32 = 0x5423;
export const TIOCGETD: u32 = 0x5424;
export const TCSBRKP: u32 = 0x5425;
export const TIOCGSID: u32 = 0x5429;
export const TCGETS2: u32 = 0x802c542a;
export const TCSETS2: u32 = 0x402c542b;
export const TCSETSW2: u32 = 0x402c542c;
export const TCSETSF2: u32 = 0x402c542d;
export const TIOCPKT: u32 = 0x5420;
export const TIOCSBRK: u32 = 0x5427;
export const TIOCCBRK: u32 = 0x5428;
export const TIOCGPTN: u32 = 0x80045430;
export const TIOCSPTLCK: u32 = 0x40045431;
export const TIOCGDEV: u32 = 0x80045432;
export const TIOCSIG: u32 = 0x40045436;
export const TIOCVHANGUP: u32 = 0x5437;
export const TIOCGPKT: u32 = 0x80045438;
export const TIOCGPTLCK: u32 = 0x80045439;
export const TIOCGEXCL: u32 = 0x80045440;
export const TIOCGPTPEER: u32 = 0x5441;

/** The first byte of a read in packet mode: data, or what happened at the other side (man 2 TIOCPKT). */
export const TIOCPKT_DATA: u32 = 0;
export const TIOCPKT_FLUSHREAD: u32 = 1;
export const TIOCPKT_FLUSHWRITE: u32 = 2;
export const TIOCPKT_STOP: u32 = 4;
export const TIOCPKT_START: u32 = 8;
export const TIOCPKT_NOSTOP: u32 = 16;
export const TIOCPKT_DOSTOP: u32 = 32;
export const TIOCPKT_IOCTL: u32 = 64;

export const TCIFLUSH: u64 = 0;
export const TCOFLUSH: u64 = 1;
export const TCIOFLUSH: u64 = 2;
export const TCOOFF: u64 = 0;
export const TCOON: u64 = 1;
export const TCIOFF: u64 = 2;
export const TCION: u64 = 3;
