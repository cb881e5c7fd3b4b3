// Names of devices, as programs know them from Linux.

const NAMES: StaticArray<string> = ["eth0", "eth1", "eth2", "eth3", "eth4", "eth5", "eth6", "eth7"];
let used: i32 = 0;

/** The next Ethernet device's name. */
export function nextEthernetName(): string {
  return used < NAMES.length ? NAMES[used++] : "eth";
}
