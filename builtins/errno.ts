/** System errors in words, as `strerror` has them: files, sockets and name lookups share this table. */

const WORDS: Readonly<Record<string, string>> = {
  // files
  E2BIG: "argument list too long",
  EACCES: "permission denied",
  EAGAIN: "resource temporarily unavailable",
  EBADF: "bad file descriptor",
  EBUSY: "device or resource busy",
  EDQUOT: "disk quota exceeded",
  EEXIST: "file exists",
  EFAULT: "bad address",
  EFBIG: "file too large",
  EINTR: "interrupted",
  EINVAL: "invalid argument",
  EIO: "input/output error",
  EISDIR: "is a directory",
  ELOOP: "too many levels of symbolic links",
  EMFILE: "too many open files",
  EMLINK: "too many links",
  ENAMETOOLONG: "file name too long",
  ENFILE: "too many open files in system",
  ENODEV: "no such device",
  ENOENT: "no such file or directory",
  ENOMEM: "cannot allocate memory",
  ENOSPC: "no space left on device",
  ENOSYS: "function not implemented",
  ENOTDIR: "not a directory",
  ENOTEMPTY: "directory not empty",
  ENOTSUP: "operation not supported",
  ENXIO: "no such device or address",
  EOPNOTSUPP: "operation not supported",
  EPERM: "operation not permitted",
  EPIPE: "broken pipe",
  EROFS: "read-only file system",
  ESPIPE: "illegal seek",
  ESTALE: "stale file handle",
  ETXTBSY: "text file busy",
  EXDEV: "invalid cross-device link",
  /** Assay's own: a device, a pipe or a socket where a file is wanted. */
  ENOTREG: "is not a regular file",
  // sockets
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "cannot assign requested address",
  EAFNOSUPPORT: "address family not supported",
  ECONNABORTED: "connection aborted",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EHOSTDOWN: "host is down",
  EHOSTUNREACH: "no route to host",
  EMSGSIZE: "message too long",
  ENETDOWN: "network is down",
  ENETRESET: "network dropped connection on reset",
  ENETUNREACH: "network is unreachable",
  ENOBUFS: "no buffer space available",
  ENOTCONN: "socket is not connected",
  EPROTO: "protocol error",
  ESHUTDOWN: "socket has been shut down",
  ETIMEDOUT: "connection timed out",
  // name lookups
  EAI_AGAIN: "temporary failure in name resolution",
  EAI_FAIL: "name resolution failed",
  EAI_NODATA: "host name has no address",
  EAI_NONAME: "no such host",
  ENODATA: "host name has no address",
  ENOTFOUND: "no such host",
  ESERVFAIL: "name server failure",
  // Bun's own names
  ConnectionRefused: "connection refused",
  ConnectionClosed: "connection closed",
  ConnectionReset: "connection reset by peer",
  FailedToOpenSocket: "connection failed",
  Timeout: "connection timed out",
};

/** The code of a system error, such as `ENOENT`; undefined when it is none. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}

/** A system error in words; undefined for what the table does not know. */
export function systemError(error: unknown): string | undefined {
  const code = errorCode(error);
  return code !== undefined && Object.hasOwn(WORDS, code) ? WORDS[code] : undefined;
}
