/* SPDX-License-Identifier: Apache-2.0
 *
 * A disk that does as it is told, for one process: preloaded into a writer, it reads what to do from the file that
 * WARDKEEP_DISK names before each write to a journal and each sync of one.
 *
 *   stall          the call does not return before the word is gone
 *   EIO, EROFS     the call fails so
 *   ENOSPC         a write fails so
 *   half           a write takes half of what it was given, and the next one fails with ENOSPC
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void told(char *word, size_t size) {
    const char *path = getenv("WARDKEEP_DISK");
    word[0] = 0;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return;
    ssize_t got = read(fd, word, size - 1);
    word[got > 0 ? got : 0] = 0;
    close(fd);
}

static int is_journal(int fd) {
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, name, sizeof name - 1);
    if (size < 4) return 0;
    name[size] = 0;
    return strcmp(name + size - 4, ".wkj") == 0;
}

/* 0 where the call may go on, else the errno that it fails with; `*half` where only half may be written. A sync has none. */
static int obey(int fd, int *half) {
    static int halved;
    char word[32];
    if (!is_journal(fd)) return 0;
    for (told(word, sizeof word); strcmp(word, "stall") == 0; told(word, sizeof word)) usleep(10000);
    if (strcmp(word, "EIO") == 0) return EIO;
    if (strcmp(word, "EROFS") == 0) return EROFS;
    if (!half) return 0;
    *half = 0;
    if (strcmp(word, "ENOSPC") == 0) return ENOSPC;
    if (strcmp(word, "half") != 0) { halved = 0; return 0; }
    if (halved) return ENOSPC;
    *half = halved = 1;
    return 0;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    int half = 0, error = obey(fd, &half);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
    if (error) { errno = error; return -1; }
    return real(fd, data, half ? (size + 1) / 2 : size, at);
}

int fdatasync(int fd) {
    static int (*real)(int);
    int error = obey(fd, NULL);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    if (error) { errno = error; return -1; }
    return real(fd);
}
