// ioctl(2) requests of the machine's own terminal: Linux include/uapi/linux/kd.h and include/uapi/linux/vt.h,
// man 2 ioctl_console.

export const KDGKBTYPE: u32 = 0x4b33;
export const KDGETLED: u32 = 0x4b31;
export const KDSETMODE: u32 = 0x4b3a;
export const KDGETMODE: u32 = 0x4b3b;
export const KDGKBMODE: u32 = 0x4b44;
export const KDSKBMODE: u32 = 0x4b45;
export const KDGKBMETA: u32 = 0x4b62;
export const KDGKBLED: u32 = 0x4b64;
export const VT_OPENQRY: u32 = 0x5600;
export const VT_GETMODE: u32 = 0x5601;
export const VT_SETMODE: u32 = 0x5602;
export const VT_GETSTATE: u32 = 0x5603;
export const VT_RELDISP: u32 = 0x5605;
export const VT_ACTIVATE: u32 = 0x5606;
export const VT_WAITACTIVE: u32 = 0x5607;

export const KD_TEXT: u32 = 0;
export const KD_GRAPHICS: u32 = 1;
/** A keyboard of 101 keys. */
export const KB_101: u32 = 2;
export const K_RAW: u32 = 0;
export const K_XLATE: u32 = 1;
export const K_MEDIUMRAW: u32 = 2;
export const K_UNICODE: u32 = 3;
export const K_OFF: u32 = 4;
/** KDGKBMETA: Alt sends an escape before the key. */
export const K_ESCPREFIX: u32 = 4;
/** struct vt_mode: mode and waitv (u8), relsig, acqsig, frsig (u16). */
export const VT_MODE_SIZE: u64 = 8;
/** struct vt_stat: v_active, v_signal, v_state (u16). */
export const VT_STAT_SIZE: u64 = 6;
