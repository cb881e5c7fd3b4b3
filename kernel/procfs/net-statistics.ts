// /proc/net/snmp, snmp6 and netstat: the stack's counters under the names that Linux gives them (RFC 1213, RFC 4022, RFC 4293).

import { Text } from "../lib/text";
import { Counter, read } from "../net/counters";
import { TextSource } from "./proc-file-system";

/** A field that this stack has no event for. */
const NONE: i32 = -1;

/** One group: a line of names and a line of values, or with `isList` a line for each. */
class Group {
  constructor(
    readonly title: string,
    readonly names: StaticArray<string>,
    readonly counters: StaticArray<i32>,
  ) {}

  private value(at: i32): u64 {
    let counter = this.counters[at];
    return counter < NONE ? <u64>-counter : counter == NONE ? 0 : read(<Counter>counter);
  }

  renderTable(text: Text): void {
    text.string(this.title).byte(0x3a);
    for (let i = 0; i < this.names.length; i++) text.byte(0x20).string(this.names[i]);
    text.byte(0x0a).string(this.title).byte(0x3a);
    for (let i = 0; i < this.names.length; i++) text.byte(0x20).decimal(this.value(i));
    text.byte(0x0a);
  }

  renderList(text: Text): void {
    for (let i = 0; i < this.names.length; i++) {
      let start = text.length;
      text
        .string(this.title)
        .string(this.names[i])
        .padTo(start + 32)
        .byte(0x09)
        .decimal(this.value(i))
        .byte(0x0a);
    }
  }
}

/** Values below NONE are constants, negated. Forwarding: 2 (not), the default TTL 64. */
const IP: Group = new Group(
  "Ip",
  [
    "Forwarding",
    "DefaultTTL",
    "InReceives",
    "InHdrErrors",
    "InAddrErrors",
    "ForwDatagrams",
    "InUnknownProtos",
    "InDiscards",
    "InDelivers",
    "OutRequests",
    "OutDiscards",
    "OutNoRoutes",
    "ReasmTimeout",
    "ReasmReqds",
    "ReasmOKs",
    "ReasmFails",
    "FragOKs",
    "FragFails",
    "FragCreates",
  ],
  [
    -2,
    -64,
    Counter.IP_IN_RECEIVES,
    Counter.IP_IN_HEADER_ERRORS,
    Counter.IP_IN_ADDRESS_ERRORS,
    NONE,
    Counter.IP_IN_UNKNOWN_PROTOCOLS,
    Counter.IP_IN_DISCARDS,
    Counter.IP_IN_DELIVERS,
    Counter.IP_OUT_REQUESTS,
    Counter.IP_OUT_DISCARDS,
    Counter.IP_OUT_NO_ROUTES,
    Counter.IP_REASSEMBLY_TIMEOUTS,
    Counter.IP_REASSEMBLY_REQUESTS,
    Counter.IP_REASSEMBLY_OK,
    Counter.IP_REASSEMBLY_FAILS,
    Counter.IP_FRAGMENT_OK,
    Counter.IP_FRAGMENT_FAILS,
    Counter.IP_FRAGMENT_CREATES,
  ],
);

const ICMP: Group = new Group(
  "Icmp",
  [
    "InMsgs",
    "InErrors",
    "InCsumErrors",
    "InDestUnreachs",
    "InEchos",
    "InEchoReps",
    "OutMsgs",
    "OutErrors",
    "OutRateLimitGlobal",
    "OutDestUnreachs",
    "OutEchoReps",
  ],
  [
    Counter.ICMP_IN_MESSAGES,
    Counter.ICMP_IN_ERRORS,
    Counter.ICMP_IN_CHECKSUM_ERRORS,
    Counter.ICMP_IN_UNREACHABLE,
    Counter.ICMP_IN_ECHOS,
    Counter.ICMP_IN_ECHO_REPLIES,
    Counter.ICMP_OUT_MESSAGES,
    NONE,
    Counter.ICMP_OUT_RATE_LIMITED,
    Counter.ICMP_OUT_UNREACHABLE,
    Counter.ICMP_OUT_ECHO_REPLIES,
  ],
);

/** RtoAlgorithm 1 (other), RtoMin 200 ms, RtoMax 120 s, MaxConn −1 (no limit; shown as 0). */
const TCP: Group = new Group(
  "Tcp",
  [
    "RtoMin",
    "RtoMax",
    "ActiveOpens",
    "PassiveOpens",
    "AttemptFails",
    "EstabResets",
    "CurrEstab",
    "InSegs",
    "OutSegs",
    "RetransSegs",
    "InErrs",
    "OutRsts",
    "InCsumErrors",
  ],
  [
    -200,
    -120000,
    Counter.TCP_ACTIVE_OPENS,
    Counter.TCP_PASSIVE_OPENS,
    Counter.TCP_ATTEMPT_FAILS,
    Counter.TCP_ESTABLISHED_RESETS,
    Counter.TCP_CURRENT_ESTABLISHED,
    Counter.TCP_IN_SEGMENTS,
    Counter.TCP_OUT_SEGMENTS,
    Counter.TCP_RETRANSMITTED_SEGMENTS,
    Counter.TCP_IN_ERRORS,
    Counter.TCP_OUT_RESETS,
    Counter.TCP_IN_CHECKSUM_ERRORS,
  ],
);

const UDP: Group = new Group(
  "Udp",
  ["InDatagrams", "NoPorts", "InErrors", "OutDatagrams", "RcvbufErrors", "SndbufErrors", "InCsumErrors"],
  [
    Counter.UDP_IN_DATAGRAMS,
    Counter.UDP_NO_PORTS,
    Counter.UDP_IN_ERRORS,
    Counter.UDP_OUT_DATAGRAMS,
    Counter.UDP_RECEIVE_BUFFER_ERRORS,
    Counter.UDP_SEND_BUFFER_ERRORS,
    Counter.UDP_IN_CHECKSUM_ERRORS,
  ],
);

const TCP_EXTRA: Group = new Group(
  "TcpExt",
  [
    "SyncookiesSent",
    "SyncookiesRecv",
    "SyncookiesFailed",
    "ListenOverflows",
    "ListenDrops",
    "TW",
    "TCPTimeWaitOverflow",
    "TWRecycled",
    "PAWSEstab",
    "DelayedACKs",
    "TCPHPHits",
    "TCPPureAcks",
    "TCPSackRecovery",
    "TCPRenoRecovery",
    "TCPLossProbes",
    "TCPLossProbeRecovery",
    "TCPTimeouts",
    "TCPSpuriousRTOs",
    "TCPDSACKOldSent",
    "TCPDSACKRecv",
    "TCPAbortOnData",
    "TCPAbortOnClose",
    "TCPAbortOnTimeout",
    "TCPAbortOnLinger",
    "TCPMemoryPressures",
    "TCPOFOQueue",
    "TCPOFODrop",
    "OfoPruned",
    "TCPChallengeACK",
    "TCPSYNChallenge",
    "TCPRcvCoalesce",
    "TCPRcvQDrop",
    "TCPKeepAlive",
    "TCPOutOfWindow",
    "TCPBadAck",
    "TCPDuplicates",
    "TCPZeroWindowProbes",
    "TCPRackLosses",
    "TCPAutotuned",
  ],
  [
    Counter.TCP_SYN_COOKIES_SENT,
    Counter.TCP_SYN_COOKIES_RECEIVED,
    Counter.TCP_SYN_COOKIES_FAILED,
    Counter.TCP_LISTEN_OVERFLOWS,
    Counter.TCP_LISTEN_DROPS,
    Counter.TCP_TIME_WAIT,
    Counter.TCP_TIME_WAIT_OVERFLOW,
    Counter.TCP_TIME_WAIT_REUSED,
    Counter.TCP_PAWS_DROPS,
    Counter.TCP_DELAYED_ACKS,
    Counter.TCP_HEADER_PREDICTIONS,
    Counter.TCP_PURE_ACKS,
    Counter.TCP_SACK_RECOVERIES,
    Counter.TCP_RENO_RECOVERIES,
    Counter.TCP_LOSS_PROBES,
    Counter.TCP_LOSS_PROBE_RECOVERIES,
    Counter.TCP_TIMEOUTS,
    Counter.TCP_SPURIOUS_TIMEOUTS,
    Counter.TCP_DUPLICATE_SACKS_SENT,
    Counter.TCP_DUPLICATE_SACKS_RECEIVED,
    Counter.TCP_ABORT_ON_DATA,
    Counter.TCP_ABORT_ON_CLOSE,
    Counter.TCP_ABORT_ON_TIMEOUT,
    Counter.TCP_ABORT_ON_LINGER,
    Counter.TCP_MEMORY_PRESSURES,
    Counter.TCP_OUT_OF_ORDER,
    Counter.TCP_OUT_OF_ORDER_DROPS,
    Counter.TCP_OUT_OF_ORDER_PRUNED,
    Counter.TCP_CHALLENGE_ACKS,
    Counter.TCP_CHALLENGE_ACKS_LIMITED,
    Counter.TCP_RECEIVE_COALESCED,
    Counter.TCP_RECEIVE_BUFFER_DROPS,
    Counter.TCP_KEEPALIVES,
    Counter.TCP_OUT_OF_WINDOW,
    Counter.TCP_BAD_ACKNOWLEDGMENT,
    Counter.TCP_DUPLICATES,
    Counter.TCP_ZERO_WINDOW_PROBES,
    Counter.TCP_RACK_LOSSES,
    Counter.TCP_AUTOTUNED,
  ],
);

const LINK_EXTRA: Group = new Group(
  "LinkExt",
  [
    "BacklogDrops",
    "UnknownType",
    "Short",
    "NoMemory",
    "ArpInvalid",
    "NdpInvalid",
    "NeighbourQueueDrops",
    "NeighbourFailed",
    "NeighbourTableFull",
    "Martians",
    "IpChecksumErrors",
    "IpTooBig",
  ],
  [
    Counter.LINK_BACKLOG_DROPS,
    Counter.LINK_UNKNOWN_TYPE,
    Counter.LINK_SHORT,
    Counter.LINK_NO_MEMORY,
    Counter.ARP_INVALID,
    Counter.NDP_INVALID,
    Counter.NEIGHBOUR_QUEUE_DROPS,
    Counter.NEIGHBOUR_FAILED,
    Counter.NEIGHBOUR_TABLE_FULL,
    Counter.IP_IN_MARTIANS,
    Counter.IP_IN_CHECKSUM_ERRORS,
    Counter.IP_TOO_BIG,
  ],
);

/** Both families are counted together: snmp has the sums, snmp6 the same under its names. */
export class Snmp extends TextSource {
  override render(text: Text): void {
    IP.renderTable(text);
    ICMP.renderTable(text);
    TCP.renderTable(text);
    UDP.renderTable(text);
  }
}

export class Snmp6 extends TextSource {
  override render(text: Text): void {
    let ip = new Group("Ip6", IP.names, IP.counters);
    ip.renderList(text);
  }
}

export class Netstat extends TextSource {
  override render(text: Text): void {
    TCP_EXTRA.renderTable(text);
    LINK_EXTRA.renderTable(text);
  }
}
