/* What the upstream and the load generator share. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STAMP_DIGITS 19 /* of a time in ns, with leading zeros */

static void die(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void die_errno(const char *what) {
    perror(what);
    exit(1);
}

static void *xrealloc(void *old, size_t size) {
    void *block = realloc(old, size);
    if (!block)
        die("out of memory");
    return block;
}

static long long monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((unsigned short)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) < 0)
        die_errno(path);
    *length = (size_t)ftell(file);
    rewind(file);
    char *text = xrealloc(NULL, *length + 1);
    if (fread(text, 1, *length, file) != *length)
        die_errno(path);
    text[*length] = 0;
    fclose(file);
    return text;
}
