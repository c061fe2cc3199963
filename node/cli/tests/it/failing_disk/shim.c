/* A disk that fails once, put before libc with LD_PRELOAD.
 *
 *   DISK_FAULT=CALL:GLOB:NTH   the NTH call of this kind on a file whose path matches GLOB fails with EIO; CALL is one of
 *                                write   nothing is written
 *                                sync    what was written since the last good sync is lost
 *                                clean   it can be read still, but no later sync will write it
 *   DISK_FAULT_LOG=FILE        gets a line for the failure, and one for each later write or sync of that file
 *
 * The two ways in which a sync fails are those of Linux: it marks the pages clean and says so once; they may be read back until they are
 * dropped from memory.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { NONE, WRITE, SYNC, CLEAN };

/* What stood at a place before it was written to. */
struct undo {
    struct undo *before;
    ino_t inode;
    off_t offset, file_size;
    size_t len;
    char bytes[];
};

static enum kind kind;
static char pattern[PATH_MAX];
static long calls_left;
static dev_t device;
static ino_t inode;
static int log_fd = -1;
static int has_failed;
static struct undo *undos;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    const char *fault = getenv("DISK_FAULT"), *path = getenv("DISK_FAULT_LOG");
    char call[8];
    if (!fault || sscanf(fault, "%7[a-z]:%4095[^:]:%ld", call, pattern, &calls_left) != 3) return;
    kind = !strcmp(call, "write") ? WRITE : !strcmp(call, "sync") ? SYNC : CLEAN;
    log_fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
}

static int path_of(int fd, char *path) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, PATH_MAX - 1);
    path[len < 0 ? 0 : len] = 0;
    return len > 0;
}

static int is_meant(int fd) {
    char path[PATH_MAX];
    return kind != NONE && !has_failed && path_of(fd, path) && !fnmatch(pattern, path, 0);
}

static void say(const char *what, int fd) {
    char path[PATH_MAX], line[PATH_MAX + 32];
    path_of(fd, path);
    int len = snprintf(line, sizeof line, "%s %s\n", what, path);
    if (log_fd >= 0) real_write(log_fd, line, len);
}

/* Tells of what is done with the file after it failed. */
static void say_if_failed(const char *what, int fd) {
    struct stat now;
    if (has_failed && !fstat(fd, &now) && now.st_dev == device && now.st_ino == inode) say(what, fd);
}

/* Counts a call of the kind that fails; whether it is the one. */
static int fails(int fd) {
    struct stat now;
    if (--calls_left > 0 || fstat(fd, &now)) return 0;
    device = now.st_dev;
    inode = now.st_ino;
    /* Kept open, so that no other file gets its number. */
    has_failed = dup(fd) >= 0;
    say("failed", fd);
    return 1;
}

/* What was written to the file is on the disk, or gone. */
static void forget(ino_t of) {
    for (struct undo **at = &undos; *at;) {
        struct undo *undo = *at;
        if (undo->inode != of) {
            at = &undo->before;
        } else {
            *at = undo->before;
            free(undo);
        }
    }
}

/* A file that is only appended to may not be readable by this descriptor. */
static int reopen(int fd, int flags) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return open(link, flags | O_CLOEXEC);
}

static void remember(int fd, size_t len, off_t offset) {
    struct stat now;
    if (fstat(fd, &now)) return;
    size_t there = offset < now.st_size ? (size_t)(now.st_size - offset) : 0;
    if (there > len) there = len;
    struct undo *undo = malloc(sizeof *undo + there);
    int readable = there ? reopen(fd, O_RDONLY) : -1;
    if (there) there = pread(readable, undo->bytes, there, offset) == (ssize_t)there ? there : 0;
    if (readable >= 0) close(readable);
    undo->before = undos, undo->inode = now.st_ino, undo->offset = offset, undo->file_size = now.st_size, undo->len = there;
    undos = undo;
}

static void lose(int fd) {
    int writable = reopen(fd, O_WRONLY);
    for (struct undo *undo = undos; undo; undo = undo->before) {
        if (undo->inode != inode) continue;
        real_pwrite(writable, undo->bytes, undo->len, undo->offset);
        if (ftruncate(writable, undo->file_size)) say("not undone", fd);
    }
    real_fsync(writable);
    close(writable);
    forget(inode);
}

/* Whether this write is to fail. */
static int before_write(int fd, size_t len, off_t offset) {
    int is_failure = 0;
    pthread_mutex_lock(&lock);
    say_if_failed("written", fd);
    if (is_meant(fd)) {
        if (kind == WRITE) is_failure = fails(fd);
        if (kind == SYNC) remember(fd, len, offset);
    }
    pthread_mutex_unlock(&lock);
    return is_failure;
}

static int sync_with(int (*real)(int), int fd) {
    int result = -1;
    struct stat now;
    pthread_mutex_lock(&lock);
    say_if_failed("synced", fd);
    if ((kind == SYNC || kind == CLEAN) && is_meant(fd) && fails(fd)) {
        if (kind == SYNC) lose(fd);
        errno = EIO;
    } else {
        result = real(fd);
        if (!result && kind == SYNC && is_meant(fd) && !fstat(fd, &now)) forget(now.st_ino);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t write(int fd, const void *bytes, size_t len) {
    if (kind != NONE && before_write(fd, len, lseek(fd, 0, SEEK_CUR))) return errno = EIO, -1;
    return real_write(fd, bytes, len);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t offset) {
    if (kind != NONE && before_write(fd, len, offset)) return errno = EIO, -1;
    return real_pwrite(fd, bytes, len, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset) { return pwrite64(fd, bytes, len, offset); }

int fsync(int fd) { return sync_with(real_fsync, fd); }

int fdatasync(int fd) { return sync_with(real_fdatasync, fd); }
