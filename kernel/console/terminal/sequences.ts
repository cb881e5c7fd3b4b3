// The names of sequences as the parser gives them (parser.ts, SequenceName). ECMA-48 §8.3, DEC VT510 manual, xterm's
// "Control Sequences"; the comment shows what follows CSI or ESC.

// C0 and C1
export const BEL: u32 = 0x07;
export const BS: u32 = 0x08;
export const HT: u32 = 0x09;
export const LF: u32 = 0x0a;
export const VT: u32 = 0x0b;
export const FF: u32 = 0x0c;
export const CR: u32 = 0x0d;
export const SO: u32 = 0x0e;
export const SI: u32 = 0x0f;
export const IND: u32 = 0x84;
export const NEL: u32 = 0x85;
export const HTS: u32 = 0x88;
export const RI: u32 = 0x8d;

// CSI
export const ICH: u32 = 0x40; // @
export const CUU: u32 = 0x41; // A
export const CUD: u32 = 0x42; // B
export const CUF: u32 = 0x43; // C
export const CUB: u32 = 0x44; // D
export const CNL: u32 = 0x45; // E
export const CPL: u32 = 0x46; // F
export const CHA: u32 = 0x47; // G
export const CUP: u32 = 0x48; // H
export const CHT: u32 = 0x49; // I
export const ED: u32 = 0x4a; // J
export const EL: u32 = 0x4b; // K
export const IL: u32 = 0x4c; // L
export const DL: u32 = 0x4d; // M
export const DCH: u32 = 0x50; // P
export const SU: u32 = 0x53; // S
export const SD: u32 = 0x54; // T
export const ECH: u32 = 0x58; // X
export const CBT: u32 = 0x5a; // Z
export const SD_ECMA: u32 = 0x5e; // ^
export const HPA: u32 = 0x60; // `
export const HPR: u32 = 0x61; // a
export const REP: u32 = 0x62; // b
export const DA1: u32 = 0x63; // c
export const VPA: u32 = 0x64; // d
export const VPR: u32 = 0x65; // e
export const HVP: u32 = 0x66; // f
export const TBC: u32 = 0x67; // g
export const SM: u32 = 0x68; // h
export const RM: u32 = 0x6c; // l
export const SGR: u32 = 0x6d; // m
export const DSR: u32 = 0x6e; // n
export const DECSTBM: u32 = 0x72; // r
export const SCOSC: u32 = 0x73; // s
export const SCORC: u32 = 0x75; // u
export const DECSED: u32 = 0x3f004a; // ? J
export const DECSEL: u32 = 0x3f004b; // ? K
export const DECSET: u32 = 0x3f0068; // ? h
export const DECRST: u32 = 0x3f006c; // ? l
export const DECDSR: u32 = 0x3f006e; // ? n
export const DECRQM: u32 = 0x3f2470; // ? $ p
export const RQM: u32 = 0x002470; // $ p
export const DA2: u32 = 0x3e0063; // > c
export const DECSTR: u32 = 0x002170; // ! p
export const DECSCUSR: u32 = 0x002071; // SP q
export const DECSCA: u32 = 0x002271; // " q
export const DECIC: u32 = 0x00277d; // ' }
export const DECDC: u32 = 0x00277e; // ' ~

// ESC
export const DECSC: u32 = 0x37; // 7
export const DECRC: u32 = 0x38; // 8
export const DECKPAM: u32 = 0x3d; // =
export const DECKPNM: u32 = 0x3e; // >
export const ESC_IND: u32 = 0x44; // D
export const ESC_NEL: u32 = 0x45; // E
export const ESC_HTS: u32 = 0x48; // H
export const ESC_RI: u32 = 0x4d; // M
export const RIS: u32 = 0x63; // c
export const LS2: u32 = 0x6e; // n
export const LS3: u32 = 0x6f; // o
export const DECALN: u32 = 0x002338; // # 8
/** Intermediate bytes that choose a character set: ( ) * + */
export const SCS_FIRST: u32 = 0x28;
export const SCS_LAST: u32 = 0x2b;
