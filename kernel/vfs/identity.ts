// Who asks, as far as files are concerned: man 7 credentials, "File system user ID and file system group ID".

export class Identity {
  fileUser: u32 = 0;
  fileGroup: u32 = 0;
  /** Supplementary groups. */
  groups: StaticArray<u32> = new StaticArray<u32>(0);

  /** Root passes most checks: CAP_DAC_OVERRIDE, CAP_FOWNER and their kin. */
  get isPrivileged(): bool {
    return this.fileUser == 0;
  }

  /** Whether `group` is the file system group or a supplementary one. */
  isMember(group: u32): bool {
    if (group == this.fileGroup) return true;
    let groups = this.groups;
    for (let i = 0; i < groups.length; i++) if (groups[i] == group) return true;
    return false;
  }
}
