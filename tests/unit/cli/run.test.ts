// The pure parts of running a guest: framing, the choice of accelerator, QEMU's arguments, the guest's last words.

import assert from "node:assert/strict";
import { test } from "node:test";
import { qemuFailure } from "../../../cli/commands/run.ts";
import { chooseAccelerator, type Host, kvmObstacle } from "../../../cli/run/accelerator.ts";
import { chooseDisplay, type DisplayHost } from "../../../cli/run/display.ts";
import { AfterMark, frameData, frameSignal, frameWindow } from "../../../cli/run/framing.ts";
import { splitWords } from "../../../cli/run/guest.ts";
import { readPixmap } from "../../../cli/run/screenshot.ts";
import { endingStatus, type MachineSettings, parseEnding, qemuArguments } from "../../../cli/run/qemu.ts";

const linux: Host = { platform: "linux", arch: "x64", cpuInfo: "flags\t\t: fpu vmx sse\n", kvmOpens: true };
const settings: MachineSettings = {
  medium: { kind: "kernel", path: "/tmp/a.elf", append: undefined },
  accelerator: "tcg",
  memoryMiB: 256,
  processors: 1,
  ports: [],
  gdbPort: undefined,
  errorFd: 3,
  statusFd: 4,
  extra: [],
};

/** The value that follows a flag. */
function after(args: string[], flag: string): string | undefined {
  return args[args.indexOf(flag) + 1];
}

test("a data link escape in input is doubled, all else stays", () => {
  assert.deepEqual([...frameData(Uint8Array.of(1, 0x10, 2, 0x10))], [1, 0x10, 0x10, 2, 0x10, 0x10]);
  const plain = Uint8Array.of(0, 3, 4, 255);
  assert.equal(frameData(plain), plain);
});

test("signals and window sizes travel as messages", () => {
  assert.deepEqual([...frameSignal(15)], [0x10, 0x73, 15]);
  assert.deepEqual([...frameWindow(300, 50)], [0x10, 0x77, 44, 1, 50, 0]);
});

test("auto takes KVM only where processor flags and /dev/kvm both say so", () => {
  assert.equal(chooseAccelerator("auto", linux), "kvm");
  assert.equal(chooseAccelerator("auto", { ...linux, cpuInfo: "flags : fpu sse\n" }), "tcg");
  assert.equal(chooseAccelerator("auto", { ...linux, kvmOpens: false }), "tcg");
  assert.equal(chooseAccelerator("auto", { platform: "darwin", arch: "x64", cpuInfo: "", kvmOpens: false }), "hvf");
  assert.equal(chooseAccelerator("auto", { platform: "darwin", arch: "arm64", cpuInfo: "", kvmOpens: false }), "tcg");
});

test("asking for an accelerator that cannot work says why", () => {
  assert.match(kvmObstacle({ ...linux, cpuInfo: "flags : fpu\n" }) ?? "", /neither vmx nor svm/);
  assert.throws(() => chooseAccelerator("kvm", { ...linux, kvmOpens: false }), /\/dev\/kvm cannot be opened/);
  assert.throws(() => chooseAccelerator("hvf", linux), /macOS only/);
  assert.throws(() => chooseAccelerator("whpx", linux), /Windows only/);
});

test("one processor is started and two are possible", () => {
  assert.equal(after(qemuArguments(settings), "-smp"), "1,maxcpus=2");
  assert.equal(after(qemuArguments({ ...settings, processors: 4 }), "-smp"), "4,maxcpus=4");
});

test("no device brings an option ROM", () => {
  const args = qemuArguments({ ...settings, display: "none" });
  const devices = args.filter((_, index) => args[index - 1] === "-device" && /pci|vga/i.test(args[index] ?? ""));
  assert.ok(devices.length >= 3);
  for (const device of devices) assert.match(device, /romfile=(,|$)/);
});

test("ports, gdb, command line and extra arguments reach QEMU", () => {
  const args = qemuArguments({
    ...settings,
    medium: { kind: "kernel", path: "/a.elf", append: "arg=x" },
    ports: [
      { protocol: "tcp", hostAddress: "127.0.0.1", hostPort: 8080, guestPort: 80 },
      { protocol: "udp", hostAddress: "0.0.0.0", hostPort: 53, guestPort: 53 },
    ],
    gdbPort: 4321,
    extra: ["-d", "int"],
  });
  assert.equal(after(args, "-netdev"), "user,id=net0,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=udp:0.0.0.0:53-:53");
  assert.equal(after(args, "-gdb"), "tcp:127.0.0.1:4321");
  assert.ok(args.includes("-S"));
  assert.equal(after(args, "-append"), "arg=x");
  assert.deepEqual(args.slice(-2), ["-d", "int"]);
});

test("a comma in a disk's path is doubled", () => {
  const args = qemuArguments({ ...settings, medium: { kind: "disk", path: "/a,b.img", format: "raw" } });
  assert.match(args.join(" "), /file=\/a,,b\.img,/);
});

test("the guest's last words give the status", () => {
  assert.equal(endingStatus(parseEnding("exit 7\n")), 7);
  assert.equal(endingStatus(parseEnding("signal 15\n")), 143);
  assert.equal(endingStatus(parseEnding("panic out of memory\n")), 70);
  assert.deepEqual(parseEnding("noise\nexit 3\npanic late\n"), { kind: "panic", message: "late" });
  assert.equal(endingStatus(parseEnding("")), null);
  assert.equal(endingStatus(parseEnding("exit x\nsignal\n")), null);
});

test("QEMU's own failures become one plain line", () => {
  const inUse = qemuFailure(
    1,
    "qemu-system-x86_64: -netdev user: Could not set up host forwarding rule 'tcp:127.0.0.1:80-:80'",
  );
  assert.match(inUse.message, /^port 80 is in use/);
  assert.match(
    qemuFailure(1, "qemu-system-x86_64: -foo: invalid option\n").message,
    /^QEMU failed: -foo: invalid option$/,
  );
  assert.match(
    qemuFailure(1, "qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory").message,
    /free memory/,
  );
  assert.match(qemuFailure(0, "").message, /reset or switched off/);
});

test("QEMU_OPTS is split as a shell splits words", () => {
  assert.deepEqual(splitWords(`-d int  -D "a b" 'c "d"' e\\ f x"y z"w`), [
    "-d",
    "int",
    "-D",
    "a b",
    'c "d"',
    "e f",
    "xy zw",
  ]);
  assert.deepEqual(splitWords("  "), []);
  assert.deepEqual(splitWords('""'), [""]);
});

test("frames are written to the file of --pcap, whatever its name", () => {
  const args = qemuArguments({ ...settings, pcap: "/tmp/a,b.pcap" });
  assert.equal(args[args.indexOf("-object") + 1], "filter-dump,id=pcap,netdev=net0,file=/tmp/a,,b.pcap");
  assert.ok(!qemuArguments(settings).includes("-object"));
});

test("a disk boots by UEFI with a copy of the firmware's variables", () => {
  const args = qemuArguments({
    ...settings,
    medium: { kind: "disk", path: "/a.vhdx", format: "vhdx" },
    uefi: { code: "/code,1.fd", variables: "/tmp/vars.fd" },
  });
  const drives = args.filter((_, index) => args[index - 1] === "-drive");
  assert.deepEqual(drives, [
    "if=pflash,unit=0,format=raw,readonly=on,file=/code,,1.fd",
    "if=pflash,unit=1,format=raw,file=/tmp/vars.fd",
    "file=/a.vhdx,if=none,id=disk,format=vhdx",
  ]);
});

test("a disk's kernel is told by fw_cfg, an image's by its command line", () => {
  const told = qemuArguments({ ...settings, medium: { kind: "cdrom", path: "/a.iso", told: "arg=a,b" } });
  assert.equal(after(told, "-fw_cfg"), "name=opt/eggos/boot,string=arg=a,,b");
  assert.ok(!qemuArguments(settings).includes("-fw_cfg"));
});

test("microvm has its devices without PCI, and the second serial port as a device", () => {
  const args = qemuArguments({ ...settings, machine: "microvm" });
  assert.match(after(args, "-machine") ?? "", /^microvm,/);
  assert.ok(args.includes("virtio-net-device,netdev=net0"));
  assert.ok(args.includes("isa-serial,iobase=0x2f8,irq=3,chardev=errors"));
  assert.ok(!args.some((word) => word.includes("-pci")));
});

test("the screen is a device, shown where it was asked for", () => {
  const shown = (display: MachineSettings["display"]) => after(qemuArguments({ ...settings, display }), "-display");
  assert.equal(shown({ vnc: 3 }), "vnc=127.0.0.1:3");
  assert.equal(shown("gtk"), "gtk");
  assert.ok(!qemuArguments(settings).some((word) => word.startsWith("VGA")));
  assert.ok(qemuArguments({ ...settings, display: "none" }).includes("VGA,romfile="));
});

test("a window opens where it can, and one line says what else there is", () => {
  const bare: DisplayHost = { platform: "linux", environment: {}, available: () => ["none"] };
  const desktop: DisplayHost = { platform: "linux", environment: { DISPLAY: ":0" }, available: () => ["gtk", "sdl"] };
  assert.deepEqual(chooseDisplay("auto", desktop), { display: "gtk", note: undefined });
  assert.equal(chooseDisplay("sdl", desktop).display, "sdl");
  assert.equal(chooseDisplay("auto", bare).display, "none");
  assert.match(chooseDisplay("auto", bare).note ?? "", /--display vnc.*--screenshot/);
  assert.match(chooseDisplay("auto", { ...desktop, available: () => [] }).note ?? "", /qemu-system-gui/);
  assert.deepEqual(chooseDisplay("vnc:2", bare).display, { vnc: 2 });
  assert.match(chooseDisplay("vnc", bare).note ?? "", /127\.0\.0\.1:5900/);
  assert.throws(() => chooseDisplay("gtk", bare), /no display here/);
  assert.throws(() => chooseDisplay("x11", bare), /not a display/);
  assert.throws(() => chooseDisplay("vnc:100", bare), /no such VNC screen/);
});

test("what firmware wrote before the mark is dropped, wherever pieces end", async () => {
  const pass = async (...pieces: string[]): Promise<string> => {
    const stream = new AfterMark();
    for (const piece of pieces) stream.write(Buffer.from(piece, "latin1"));
    stream.end();
    return Buffer.concat(await stream.toArray()).toString("latin1");
  };
  assert.equal(await pass("noise\x10", "\x02hel", "lo\x10\x02"), "hello\x10\x02");
  assert.equal(await pass("grub: ", "error"), "grub: error");
  assert.equal(await pass("\x10\x02"), "");
});

test("QEMU's pictures are read, and damaged ones refused", () => {
  const picture = readPixmap(Buffer.concat([Buffer.from("P6\n2 1\n255\n"), Buffer.from([1, 2, 3, 4, 5, 6])]));
  assert.deepEqual([picture.width, picture.height, ...picture.data], [2, 1, 1, 2, 3, 4, 5, 6]);
  assert.throws(() => readPixmap(Buffer.from("P6\n2 1\n255\nabc")), /cut off/);
  assert.throws(() => readPixmap(Buffer.from("P3\n2 1\n255\n")), /cannot be|can read/);
});
