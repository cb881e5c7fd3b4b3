// Registers and descriptors of Intel's gigabit Ethernet controllers, 8254x and 82574 (PCI/PCI-X Family of Gigabit Ethernet
// Controllers Software Developer's Manual; 82574 Datasheet: what is used here is the same in both).

/** Register offsets (§13.4). */
export const CONTROL: u64 = 0x0000;
export const STATUS: u64 = 0x0008;
export const INTERRUPT_CAUSE: u64 = 0x00c0;
export const INTERRUPT_MASK_SET: u64 = 0x00d0;
export const INTERRUPT_MASK_CLEAR: u64 = 0x00d8;
export const RECEIVE_CONTROL: u64 = 0x0100;
export const TRANSMIT_CONTROL: u64 = 0x0400;
export const TRANSMIT_GAP: u64 = 0x0410;
export const RECEIVE_BASE_LOW: u64 = 0x2800;
export const RECEIVE_BASE_HIGH: u64 = 0x2804;
export const RECEIVE_LENGTH: u64 = 0x2808;
export const RECEIVE_HEAD: u64 = 0x2810;
export const RECEIVE_TAIL: u64 = 0x2818;
export const TRANSMIT_BASE_LOW: u64 = 0x3800;
export const TRANSMIT_BASE_HIGH: u64 = 0x3804;
export const TRANSMIT_LENGTH: u64 = 0x3808;
export const TRANSMIT_HEAD: u64 = 0x3810;
export const TRANSMIT_TAIL: u64 = 0x3818;
export const RECEIVE_CHECKSUM: u64 = 0x5000;
export const MULTICAST_TABLE: u64 = 0x5200;
export const ADDRESS_LOW: u64 = 0x5400;
export const ADDRESS_HIGH: u64 = 0x5404;

export const CONTROL_AUTO_SPEED: u32 = 1 << 5;
export const CONTROL_LINK_UP: u32 = 1 << 6;
export const CONTROL_RESET: u32 = 1 << 26;
export const CONTROL_PHY_RESET: u32 = 1 << 31;
export const STATUS_LINK_UP: u32 = 1 << 1;

/** §13.4.17. */
export const CAUSE_LINK: u32 = 1 << 2;
export const CAUSE_RECEIVE_LOW: u32 = 1 << 4;
export const CAUSE_RECEIVE_OVERRUN: u32 = 1 << 6;
export const CAUSE_RECEIVE: u32 = 1 << 7;
export const CAUSE_TRANSMIT: u32 = 1 << 0;

/** §13.4.22. Buffers of 2048 bytes, frames of the usual size, no checksum sequence stored. */
export const RECEIVE_ENABLE: u32 = 1 << 1;
export const RECEIVE_ALL_MULTICAST: u32 = 1 << 4;
export const RECEIVE_BROADCAST: u32 = 1 << 15;
export const RECEIVE_STRIP_SEQUENCE: u32 = 1 << 26;
/** §13.4.63: check TCP and UDP sums. */
export const RECEIVE_CHECKSUM_TRANSPORT: u32 = 1 << 9;

/** §13.4.33, §13.4.34: the values the manual recommends for full duplex. */
export const TRANSMIT_ENABLE: u32 = 1 << 1;
export const TRANSMIT_PAD: u32 = 1 << 3;
export const TRANSMIT_COLLISIONS: u32 = (0x0f << 4) | (0x40 << 12);
export const TRANSMIT_GAP_VALUE: u32 = 10 | (8 << 10) | (6 << 20);

/** Words of the multicast table. */
export const MULTICAST_WORDS: u32 = 128;

/** A descriptor, of any kind: 16 bytes. */
export const DESCRIPTOR: u64 = 16;

/** Receive (§3.2.3): address 8, length 2, checksum 2, status 1, errors 1, special 2. */
export const RECEIVED_LENGTH: u64 = 8;
export const RECEIVED_STATUS: u64 = 12;
export const RECEIVED_ERRORS: u64 = 13;
export const RECEIVED_DONE: u32 = 1 << 0;
export const RECEIVED_END: u32 = 1 << 1;
export const RECEIVED_SUM_IGNORED: u32 = 1 << 2;
export const RECEIVED_SUM_CHECKED: u32 = 1 << 5;
/** Transport sum, IP sum. */
export const RECEIVED_SUM_ERRORS: u32 = 0x60;
/** CRC, symbol, sequence, carrier extension, receive data. */
export const RECEIVED_FRAME_ERRORS: u32 = 0x97;

/** Transmit (§3.3.6, §3.3.7): the command byte and type, above a 20-bit length. */
export const LENGTH_MASK: u32 = 0xf_ffff;
export const TYPE_CONTEXT: u32 = 0 << 20;
export const TYPE_DATA: u32 = 1 << 20;
export const COMMAND_END: u32 = 1 << 24;
export const COMMAND_SEQUENCE: u32 = 1 << 25;
export const COMMAND_SEGMENT: u32 = 1 << 26;
export const COMMAND_REPORT: u32 = 1 << 27;
export const COMMAND_EXTENDED: u32 = 1 << 29;
/** In a context: the packet is TCP, its network is IPv4. */
export const CONTEXT_TCP: u32 = 1 << 24;
export const CONTEXT_IPV4: u32 = 1 << 25;
/** Options of a data descriptor: insert the IP sum, the transport sum. */
export const OPTION_IP_SUM: u32 = 1 << 8;
export const OPTION_TRANSPORT_SUM: u32 = 2 << 8;
export const SENT_STATUS: u64 = 12;
export const SENT_DONE: u32 = 1 << 0;
