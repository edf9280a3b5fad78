/*
 * Makes one kind of system call fail, as a disk, a quota or a missing right would: preloaded into a process with LD_PRELOAD.
 *
 * FAULTS_UNDER  a directory: only calls on files in it count; calls without a file (a socket, the working directory) count too
 * FAULTS_LOG    a file that gets one line for each call that counts: call, tabulator, file
 * FAULTS_CALL   the call that fails, as in that log
 * FAULTS_FILE   the file at which it fails, as in that log
 * FAULTS_ERRNO  the error, as a number
 * FAULTS_TIMES  how many calls fail: a disk that is full fails all of them, a signal interrupts one
 *
 * In the names of files, what differs from run to run (ids, digests, times) stands as one number sign.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS 4096

static const char *under, *failing_call, *failing_file;
static size_t under_length;
static int error_number, log_descriptor = -1;
static atomic_int times;
static char *_Atomic files[DESCRIPTORS];

__attribute__((constructor)) static void start(void) {
  under = getenv("FAULTS_UNDER");
  under_length = under ? strlen(under) : 0;
  failing_call = getenv("FAULTS_CALL");
  failing_file = getenv("FAULTS_FILE");
  if (getenv("FAULTS_ERRNO")) error_number = atoi(getenv("FAULTS_ERRNO"));
  times = getenv("FAULTS_TIMES") ? atoi(getenv("FAULTS_TIMES")) : 0;
  if (getenv("FAULTS_LOG"))
    log_descriptor = (int)syscall(SYS_openat, AT_FDCWD, getenv("FAULTS_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  files[1] = strdup("standard output");
  /* Not in what the process starts. */
  unsetenv("LD_PRELOAD");
}

/* The name of a file in the directory, without what differs from run to run; NULL for any other file. */
static char *name_of(const char *file, char *name) {
  if (!file || !under || strncmp(file, under, under_length) != 0) return NULL;
  const char *in = file + under_length;
  if (*in && *in != '/') return NULL;
  char *out = name, *end = name + PATH_MAX - 2;
  while (*in && out < end) {
    const char *word = in;
    int digits = 0;
    while (isxdigit((unsigned char)*in) || *in == '-' || (*in == 'T' && digits) || (*in == 'Z' && digits))
      digits |= isdigit((unsigned char)*in++) != 0;
    if (digits && in - word >= 3)
      *out++ = '#';
    else if (in > word) {
      if (out + (in - word) >= end) break;
      memcpy(out, word, (size_t)(in - word));
      out += in - word;
    } else
      *out++ = *in++;
  }
  *out = 0;
  return name;
}

/* Whether this call fails now; errno is set then. */
static int fails(const char *call, const char *name) {
  if (!name) return 0;
  if (log_descriptor >= 0) {
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%s\t%s\n", call, name);
    syscall(SYS_write, log_descriptor, line, (size_t)length);
  }
  if (!failing_call || strcmp(call, failing_call) != 0 || strcmp(name, failing_file) != 0) return 0;
  if (atomic_fetch_sub(&times, 1) <= 0) return 0;
  errno = error_number;
  return 1;
}

static int fails_at(const char *call, const char *file) {
  char name[PATH_MAX];
  return fails(call, name_of(file, name));
}

static int fails_on(const char *call, int descriptor) {
  return descriptor >= 0 && descriptor < DESCRIPTORS ? fails(call, files[descriptor]) : 0;
}

static int opened(int descriptor, const char *file) {
  char name[PATH_MAX];
  if (descriptor < 0 || descriptor >= DESCRIPTORS) return descriptor;
  files[descriptor] = name_of(file, name) ? strdup(name) : NULL;
  return descriptor;
}

#define NEXT(name) ((__typeof__(&name))next(#name))
static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

#define MODE \
  mode_t mode = 0; \
  if (flags & (O_CREAT | __O_TMPFILE)) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }
#define KIND(flags) ((flags) & O_CREAT ? "create" : ((flags) & O_ACCMODE) == O_RDONLY ? "open" : "openToWrite")
#define OPEN(name) \
  int name(const char *file, int flags, ...) { \
    MODE \
    if (fails_at(KIND(flags), file)) return -1; \
    return opened(NEXT(name)(file, flags, mode), file); \
  }
#define OPENAT(name) \
  int name(int at, const char *file, int flags, ...) { \
    MODE \
    if (fails_at(KIND(flags), file)) return -1; \
    return opened(NEXT(name)(at, file, flags, mode), file); \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

static void closed(int descriptor) {
  if (descriptor > 2 && descriptor < DESCRIPTORS) files[descriptor] = NULL;
}
int close(int descriptor) {
  closed(descriptor);
  return NEXT(close)(descriptor);
}

#define ON(type, name, call, parameters, arguments) \
  type name parameters { \
    if (fails_on(call, descriptor)) return -1; \
    return NEXT(name) arguments; \
  }
ON(ssize_t, read, "read", (int descriptor, void *to, size_t size), (descriptor, to, size))
ON(ssize_t, pread64, "read", (int descriptor, void *to, size_t size, off64_t offset), (descriptor, to, size, offset))
ON(ssize_t, readv, "read", (int descriptor, const struct iovec *to, int count), (descriptor, to, count))
ON(ssize_t, preadv, "read", (int descriptor, const struct iovec *to, int count, off_t offset), (descriptor, to, count, offset))
ON(ssize_t, write, "write", (int descriptor, const void *from, size_t size), (descriptor, from, size))
ON(ssize_t, pwrite64, "write", (int descriptor, const void *from, size_t size, off64_t offset), (descriptor, from, size, offset))
ON(ssize_t, writev, "write", (int descriptor, const struct iovec *from, int count), (descriptor, from, count))
ON(ssize_t, pwritev, "write", (int descriptor, const struct iovec *from, int count, off_t offset), (descriptor, from, count, offset))
ON(int, fsync, "fsync", (int descriptor), (descriptor))
ON(int, fdatasync, "fsync", (int descriptor), (descriptor))
ON(int, ftruncate64, "truncate", (int descriptor, off64_t size), (descriptor, size))
ON(int, fchmod, "chmod", (int descriptor, mode_t mode), (descriptor, mode))
ON(int, fchown, "chown", (int descriptor, uid_t owner, gid_t group), (descriptor, owner, group))
ON(int, flock, "lock", (int descriptor, int how), (descriptor, how))

#define LOCKS(name) \
  int name(int descriptor, int what, ...) { \
    va_list rest; \
    va_start(rest, what); \
    void *argument = va_arg(rest, void *); \
    va_end(rest); \
    if ((what == F_SETLK || what == F_SETLKW || what == F_OFD_SETLK) && fails_on("lock", descriptor)) return -1; \
    return NEXT(name)(descriptor, what, argument); \
  }
LOCKS(fcntl)
LOCKS(fcntl64)

#define AT(name, call, parameters, arguments) \
  int name parameters { \
    if (fails_at(call, file)) return -1; \
    return NEXT(name) arguments; \
  }
AT(mkdir, "mkdir", (const char *file, mode_t mode), (file, mode))
AT(rmdir, "remove", (const char *file), (file))
AT(unlink, "remove", (const char *file), (file))
AT(access, "stat", (const char *file, int mode), (file, mode))
AT(chmod, "chmod", (const char *file, mode_t mode), (file, mode))
AT(chown, "chown", (const char *file, uid_t owner, gid_t group), (file, owner, group))
AT(lchown, "chown", (const char *file, uid_t owner, gid_t group), (file, owner, group))
AT(symlink, "link", (const char *to, const char *file), (to, file))
AT(link, "link", (const char *from, const char *file), (from, file))
AT(rename, "rename", (const char *from, const char *file), (from, file))
AT(scandir64, "list", (const char *file, struct dirent64 ***list, int (*filter)(const struct dirent64 *), int (*order)(const struct dirent64 **, const struct dirent64 **)), (file, list, filter, order))

int unlinkat(int at, const char *file, int flags) {
  if (fails_at("remove", file)) return -1;
  return NEXT(unlinkat)(at, file, flags);
}
DIR *opendir(const char *file) {
  if (fails_at("list", file)) return NULL;
  return NEXT(opendir)(file);
}
ssize_t readlink(const char *file, char *to, size_t size) {
  if (fails_at("readlink", file)) return -1;
  return NEXT(readlink)(file, to, size);
}
char *realpath(const char *file, char *to) {
  if (fails_at("realpath", file)) return NULL;
  return NEXT(realpath)(file, to);
}
char *mkdtemp(char *file) {
  if (fails_at("mkdir", file)) return NULL;
  return NEXT(mkdtemp)(file);
}

/* How programs for an older libc ask for the state of a file. */
#define STAT(name, type) \
  int name(int version, const char *file, struct type *to) { \
    if (fails_at("stat", file)) return -1; \
    static int (*real)(int, const char *, struct type *); \
    if (!real) real = next(#name); \
    return real(version, file, to); \
  }
STAT(__xstat, stat)
STAT(__lxstat, stat)
STAT(__xstat64, stat64)
STAT(__lxstat64, stat64)
/* Node asks for the state of the three standard streams before any of its programs runs. */
int __fxstat64(int version, int descriptor, struct stat64 *to) {
  if (descriptor > 2 && fails_on("stat", descriptor)) return -1;
  static int (*real)(int, int, struct stat64 *);
  if (!real) real = next("__fxstat64");
  return real(version, descriptor, to);
}

/* libuv asks for the state of a file, and closes it, without the libc. */
long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long), d = va_arg(rest, long), e = va_arg(rest, long),
       f = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_statx) {
    const char *file = (const char *)b;
    if (file && *file ? fails_at("stat", file) : a > 2 && fails_on("stat", (int)a)) return -1;
  }
  if (number == SYS_close) closed((int)a);
  static long (*real)(long, ...);
  if (!real) real = next("syscall");
  return real(number, a, b, c, d, e, f);
}

int socket(int domain, int type, int protocol) {
  if (domain != AF_UNIX && fails("socket", "network")) return -1;
  return NEXT(socket)(domain, type, protocol);
}
int connect(int descriptor, const struct sockaddr *address, socklen_t length) {
  if (address->sa_family != AF_UNIX && fails("connect", "network")) return -1;
  return NEXT(connect)(descriptor, address, length);
}
int bind(int descriptor, const struct sockaddr *address, socklen_t length) {
  if (address->sa_family != AF_UNIX && fails("bind", "network")) return -1;
  return NEXT(bind)(descriptor, address, length);
}
int listen(int descriptor, int backlog) {
  if (fails("listen", "network")) return -1;
  return NEXT(listen)(descriptor, backlog);
}
char *getcwd(char *to, size_t size) {
  if (fails("getcwd", "working directory")) return NULL;
  return NEXT(getcwd)(to, size);
}
int getpwuid_r(uid_t user, struct passwd *to, char *buffer, size_t size, struct passwd **found) {
  if (fails("getpwuid", "account")) {
    *found = NULL;
    return errno;
  }
  return NEXT(getpwuid_r)(user, to, buffer, size, found);
}
