// GRUB 2 as files: a core for BIOS machines, an application for UEFI ones, and the script both run. Every module they
// need is inside, so nothing else of GRUB gets into an image.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT_SOFTWARE, EXIT_UNAVAILABLE, Failure } from "../failure.ts";
import { missingTools, type Tool } from "./tools.ts";

/** Where the distributions keep GRUB's platforms. */
const GRUB_FOLDERS = ["/usr/lib/grub", "/usr/share/grub2", "/usr/local/lib/grub"];

const COMMON_MODULES = [
  "boot",
  "configfile",
  "echo",
  "fat",
  "gzio",
  "halt",
  "iso9660",
  "minicmd",
  "multiboot2",
  "normal",
  "part_gpt",
  "part_msdos",
  "reboot",
  "search",
  "search_fs_file",
  "serial",
  "sleep",
  "terminal",
  "test",
  "true",
  "video",
];
const PLATFORM_MODULES = {
  "i386-pc": ["biosdisk", "vbe", "vga", "video_bochs", "video_cirrus"],
  "x86_64-efi": ["efi_gop", "efi_uga", "video_bochs", "video_cirrus"],
};
export type GrubPlatform = keyof typeof PLATFORM_MODULES;

export const GRUB_TOOLS: Tool[] = [
  { command: "grub-mkimage", package: "grub-common" },
  { file: "/usr/lib/grub/i386-pc/boot.img", package: "grub-pc-bin" },
  { file: "/usr/lib/grub/x86_64-efi/normal.mod", package: "grub-efi-amd64-bin" },
];

function platformFolder(platform: GrubPlatform): string {
  const found = GRUB_FOLDERS.map((folder) => join(folder, platform)).find((folder) => existsSync(folder));
  if (found === undefined) {
    throw new Failure(`GRUB for ${platform} is not installed`, {
      advice: `apt-get install ${platform === "i386-pc" ? "grub-pc-bin" : "grub-efi-amd64-bin"}`,
      status: EXIT_UNAVAILABLE,
    });
  }
  return found;
}

/** One of GRUB's ready-made files for BIOS machines. */
export function biosFile(name: "boot.img" | "boot_hybrid.img"): Buffer {
  return readFileSync(join(platformFolder("i386-pc"), name));
}

/** Make GRUB's core for a platform; it looks for the medium with the file `mark` on it and runs the script there. */
export function makeCore(
  format: "i386-pc" | "i386-pc-eltorito" | "x86_64-efi",
  output: string,
  mark: string,
  work: string,
): void {
  missingTools(GRUB_TOOLS);
  const platform: GrubPlatform = format === "x86_64-efi" ? "x86_64-efi" : "i386-pc";
  const early = join(work, `${format}.cfg`);
  writeFileSync(early, `search --no-floppy --file --set=root ${mark}\nset prefix=($root)/boot/grub\n`);
  const modules = [...COMMON_MODULES, ...PLATFORM_MODULES[platform]];
  const words = ["-O", format, "-d", platformFolder(platform), "-c", early, "-p", "/boot/grub", "-o", output];
  try {
    execFileSync("grub-mkimage", [...words, ...modules], { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    const said = String((error as { stderr?: Buffer }).stderr ?? "").trim();
    throw new Failure(`grub-mkimage failed: ${said || "without a word"}`, { status: EXIT_SOFTWARE, cause: error });
  }
}

/** A mode for the screen. */
export interface ScreenMode {
  width: number;
  height: number;
}

export interface Script {
  name: string;
  leastMemoryMiB: number;
  mode: ScreenMode | undefined;
  /** Words for the kernel. */
  commandLine: string;
}

/**
 * The script: kernel, root module, start. It writes nothing, so that the serial line is the program's alone, but when
 * something is wrong; then it says so there and on the screen.
 */
export function grubScript({ name, leastMemoryMiB, mode, commandLine }: Script): string {
  const size = mode ? `${mode.width}x${mode.height}` : "";
  const modes = mode ? `${size}x32,${size}x24,${size},auto` : "auto";
  const words = commandLine.split(/\s+/).filter((word) => word !== "");
  const line = `eggos: ${name} cannot be loaded: too little memory (${leastMemoryMiB} MiB), or damaged`;
  return `set timeout=0
set gfxpayload=${modes}
if multiboot2 /boot/eggos.elf${words.map((word) => ` ${quote(word)}`).join("")} ; then
  if module2 /boot/root.img ; then
    boot
  fi
fi
if serial --unit=0 --speed=115200 ; then
  terminal_output console serial
fi
echo ${quote(line)}
sleep --interruptible 10
halt
`;
}

/** A word of GRUB's script language, in single quotes. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "")}'`;
}
