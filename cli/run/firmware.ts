// UEFI firmware for QEMU: OVMF, where the distributions put it. Its variables (boot order and the like) are a copy that
// lives as long as the machine.

import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT_UNAVAILABLE, Failure } from "../failure.ts";
import type { Uefi } from "./qemu.ts";

/** Code and variables, by distribution: Debian and Ubuntu, Fedora, Arch, openSUSE, QEMU's own (Homebrew too). */
const PLACES: [code: string, variables: string][] = [
  ["/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"],
  ["/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"],
  ["/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"],
  ["/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"],
  ["/usr/share/qemu/ovmf-x86_64-code.bin", "/usr/share/qemu/ovmf-x86_64-vars.bin"],
  ["/usr/share/qemu/edk2-x86_64-code.fd", "/usr/share/qemu/edk2-i386-vars.fd"],
  ["/opt/homebrew/share/qemu/edk2-x86_64-code.fd", "/opt/homebrew/share/qemu/edk2-i386-vars.fd"],
  ["/usr/local/share/qemu/edk2-x86_64-code.fd", "/usr/local/share/qemu/edk2-i386-vars.fd"],
];

export interface Firmware extends Uefi {
  /** Remove the copy of the variables. */
  remove(): void;
}

/** The firmware with variables of its own; a Failure when there is none. The environment's EGG_OVMF=CODE:VARS names another. */
export function prepareUefi(): Firmware {
  const [code = "", variables = ""] = process.env.EGG_OVMF?.split(":") ?? PLACES.find(isThere) ?? [];
  if (!isThere([code, variables])) {
    throw new Failure(code === "" ? "UEFI firmware (OVMF) is not installed" : `EGG_OVMF: ${code} is not there`, {
      advice: "apt-get install ovmf, or name it: EGG_OVMF=CODE.fd:VARS.fd",
      status: EXIT_UNAVAILABLE,
    });
  }
  const folder = mkdtempSync(join(tmpdir(), "egg-uefi-"));
  const copy = join(folder, "variables.fd");
  copyFileSync(variables, copy);
  return { code, variables: copy, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function isThere([code, variables]: [code: string, variables: string]): boolean {
  return existsSync(code) && existsSync(variables);
}
