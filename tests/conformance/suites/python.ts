// Python's own regression tests, as Debian packages them: the modules that lean on the operating system.

import { type Case, lastLine, type Suite, type Verdict } from "../suite.ts";

const MODULES = `test_os test_posix test_posixpath test_subprocess test_socket test_socketserver test_threading test_thread
  test_threading_local test_signal test_select test_selectors test_poll test_epoll test_kqueue test_mmap test_pty test_tempfile
  test_shutil test_asyncio test_asyncore test_asynchat test_fcntl test_file test_fileio test_io test_largefile test_glob test_pathlib test_pipes
  test_popen test_fork1 test_wait3 test_wait4 test_resource test_time test_timeout test_stat test_genericpath test_zipfile
  test_tarfile test_gzip test_bz2 test_lzma test_zlib test_concurrent_futures test_multiprocessing_fork
  test_multiprocessing_main_handling test_queue test_sched test_sys test_sysconfig test_site test_cmd_line test_cmd_line_script test_faulthandler test_atexit test_ssl test_httplib
  test_httpservers test_urllib test_urllib2_localnet test_ftplib test_smtplib test_poplib test_imaplib test_telnetlib test_xmlrpc test_logging test_locale test_dbm test_dbm_dumb test_dbm_gnu
  test_pwd test_grp test_getpass test_platform test_posix test_openpty test_ioctl test_eintr test_syslog test_random test_hashlib test_uuid test_crypt test_ctypes
  test_readline test_curses test_venv test_compileall test_import test_support test_unicode_file test_dircache test_filecmp test_fileinput test_linecache test_netrc test_mailbox
  test_interpreters test_gc test_contextlib test_context test_struct test_array test_bytes`;
/** Modules of this length need more than most under emulation, seconds. */
const LONG = new Set([
  "test_asyncio",
  "test_subprocess",
  "test_multiprocessing_fork",
  "test_concurrent_futures",
  "test_socket",
  "test_ssl",
  "test_io",
  "test_tarfile",
  "test_zipfile",
  "test_compileall",
]);

function moduleCase(name: string): Case {
  const seconds = LONG.has(name) ? 1800 : 300;
  // Its tests need no network, but say so.
  const resources = name === "test_socketserver" ? "network" : "none";
  const script = `exec python3.11 -X faulthandler -m test -v -u ${resources} --tempdir /tmp/work ${name}`;
  return { name, script, seconds };
}

function judge(output: string, status: number): Verdict {
  const ran = [...output.matchAll(/^Ran (\d+) tests? in/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
  const skips = [...output.matchAll(/skipped=(\d+)/g)].reduce((sum, match) => sum + Number(match[1]), 0);
  const failures = [
    ...new Set(
      [...output.matchAll(/^(?:FAIL|ERROR): (\S+) \((?:test\.)?(?:\w+\.)*?(?:(\w+)\.)?\w+\)/gm)].map((match) =>
        match[2] === undefined ? (match[1] ?? "") : `${match[2]}.${match[1]}`,
      ),
    ),
  ];
  const missing = /No module named '?([\w.]+)|skipped -- (.*)/.exec(output);
  const failed = failures.length;
  const counts = { passed: Math.max(0, ran - skips - failed), failed, skipped: skips, failures };
  if (status === 0 && ran - skips > 0) return { ...counts, outcome: "pass", note: "" };
  if (status === 0 || /\btests? skipped:/.test(output)) return { ...counts, outcome: "skip", note: missing?.[2] ?? "" };
  return { ...counts, outcome: "fail", note: failed > 0 ? "" : `exit status ${status}: ${lastLine(output)}` };
}

export const pythonSuite: Suite = {
  name: "python",
  title: "Python's regression tests",
  about: "Debian's libpython3.11-testsuite, `python3.11 -m test`: the modules that lean on the operating system.",
  packages: ["python3.11", "libpython3.11-testsuite", "python3-gdbm", "tzdata", "media-types"],
  memoryMiB: 1024,
  prepare: async () => ({ entries: [], cases: [...new Set(MODULES.split(/\s+/))].map(moduleCase) }),
  judge,
};
