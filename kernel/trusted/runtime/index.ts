// The runtime behind managed TypeScript in the kernel. asc takes its own runtime's place from here.

export { __collect, __link, __new, __pin, __renew, __unpin, __visit } from "runtime/collector";
export { abort, abortFile, abortLine, abortMessage } from "runtime/abort";
