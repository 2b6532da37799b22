/* A closed-loop load generator:
 *     load PORT REQUEST-FILE CONNECTIONS STAGGER-US WARMUP-MS WINDOW-MS REQUESTS DELTAS
 *
 * Every connection sends the bytes of REQUEST-FILE, reads the answer, and begins anew;
 * connection i starts i * STAGGER-US late. The measured window begins WARMUP-MS after
 * every connection has seen its first answer (of a stream: its first delta), and ends
 * after WINDOW-MS, but not before there are as many answers as connections: these may go
 * in step, and a part of a step says little. With REQUESTS > 0 it ends after that many
 * answers instead. DELTAS is how many an answer must have; -1: it never ends.
 *
 * Prints "begin" and "end" as it happens, then one line of JSON; times in ns:
 *     seconds, requests, deltas, latency (request to end of answer), first (request to
 *     first delta), delta (a delta's stamp to its arrival; only of stamped deltas).
 * Whatever is not a 200 with a complete body ends the program: stderr, exit code 1.
 */
#define _GNU_SOURCE
#include "common.h"
#include <fcntl.h>

#define GIVE_UP_COLD_NS 30000000000LL
#define GIVE_UP_NS 300000000000LL
#define HEAD_BYTES 16384

enum reading { HEAD, SIZED, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER };

struct client {
    int fd;
    size_t to_send;
    enum reading reading;
    char head[HEAD_BYTES];
    size_t head_used;
    size_t left;             /* of the body, or of the chunk */
    int line_used;           /* of a trailer's line */
    int digits_left;         /* of a delta's stamp */
    long long stamp, started;
    long deltas;             /* in this answer */
    int warm;                /* has seen its first answer or delta */
};

struct samples { long long *at; size_t used, room; };

static struct samples latency, first, transit;
static char *request;
static size_t request_length;
static struct client *clients;
static long connections, started_clients, cold, expected_deltas;
static long requests, deltas;
static long long opened, closed; /* of the window; 0: not yet */
static int port, epoll;

static void keep(struct samples *samples, long long value) {
    if (samples->used == samples->room) {
        samples->room = samples->room ? 2 * samples->room : 4096;
        samples->at = xrealloc(samples->at, samples->room * sizeof *samples->at);
    }
    samples->at[samples->used++] = value;
}

static void refuse(struct client *c, const char *what) {
    fprintf(stderr, "%s\n%.*s\n", what, (int)c->head_used, c->head);
    exit(1);
}

static void watch(struct client *c, int operation, unsigned events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll, operation, c->fd, &event) < 0)
        die_errno("epoll_ctl");
}

static void send_request(struct client *c) {
    while (c->to_send) {
        const char *from = request + request_length - c->to_send;
        ssize_t sent = send(c->fd, from, c->to_send, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return;
        }
        if (sent < 0)
            die_errno("send");
        c->to_send -= (size_t)sent;
    }
}

static void begin_request(struct client *c) {
    c->reading = HEAD;
    c->head_used = 0;
    c->deltas = 0;
    c->to_send = request_length;
    c->started = monotonic_ns();
    send_request(c);
}

static void open_client(struct client *c) {
    struct sockaddr_in address = loopback(port);
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0)
        die_errno("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    watch(c, EPOLL_CTL_ADD, EPOLLIN);
    begin_request(c);
}

static void warmed(struct client *c) {
    cold -= !c->warm;
    c->warm = 1;
}

static void answered(struct client *c, long long now) {
    if (c->deltas != expected_deltas || c->digits_left)
        refuse(c, "an answer whose deltas are not all there");
    warmed(c);
    if (opened) {
        requests++;
        keep(&latency, now - c->started);
    }
    begin_request(c);
}

/* Finds the deltas in a piece of a body; a stamp may be cut anywhere. */
static void scan(struct client *c, const char *at, size_t length, long long now) {
    const char *end = at + length;
    while (at < end) {
        if (!c->digits_left) {
            if (!(at = memchr(at, '~', (size_t)(end - at))))
                return;
            at++;
            c->digits_left = STAMP_DIGITS;
            c->stamp = 0;
            if (c->deltas++ == 0) {
                warmed(c);
                if (opened)
                    keep(&first, now - c->started);
            }
            continue;
        }
        c->stamp = 10 * c->stamp + (*at++ - '0');
        if (--c->digits_left == 0 && opened) {
            deltas++;
            if (c->stamp)
                keep(&transit, now - c->stamp);
        }
    }
}

static size_t take_head(struct client *c, const char *at, size_t length, long long now) {
    (void)now;
    for (size_t i = 0; i < length; i++) {
        if (c->head_used == HEAD_BYTES - 1)
            refuse(c, "an answer whose head is too long");
        c->head[c->head_used++] = at[i];
        c->head[c->head_used] = 0;
        if (c->head_used < 4 || memcmp(c->head + c->head_used - 4, "\r\n\r\n", 4))
            continue;
        char *sized = strcasestr(c->head, "\r\ncontent-length:");
        if (strncmp(c->head, "HTTP/1.1 200", 12)) {
            fprintf(stderr, "%.*s\n", (int)(length - i - 1), at + i + 1);
            refuse(c, "an answer that is not a 200");
        }
        if (!sized && !strcasestr(c->head, "\r\ntransfer-encoding: chunked"))
            refuse(c, "an answer without a length");
        c->left = sized ? strtoul(sized + 17, NULL, 10) : 0;
        if (sized && !c->left)
            refuse(c, "an answer without a body");
        c->reading = sized ? SIZED : CHUNK_SIZE;
        return i + 1;
    }
    return length;
}

static size_t take_body(struct client *c, const char *at, size_t length, long long now) {
    size_t used = length < c->left ? length : c->left;
    scan(c, at, used, now);
    c->left -= used;
    if (c->left == 0 && c->reading == CHUNK)
        c->reading = CHUNK_END;
    else if (c->left == 0)
        answered(c, now);
    return used;
}

static size_t take_size(struct client *c, const char *at, size_t length, long long now) {
    (void)length, (void)now;
    if (*at == '\n') {
        c->reading = c->left ? CHUNK : TRAILER;
        c->line_used = 0;
    } else if (*at != '\r') {
        const char digit[2] = {*at, 0};
        char *end;
        c->left = 16 * c->left + strtoul(digit, &end, 16);
        if (*end)
            refuse(c, "a chunk size that cannot be read");
    }
    return 1;
}

static size_t take_end(struct client *c, const char *at, size_t length, long long now) {
    (void)length, (void)now;
    c->reading = *at == '\n' ? CHUNK_SIZE : CHUNK_END;
    return 1;
}

static size_t take_trailer(struct client *c, const char *at, size_t length, long long now) {
    (void)length;
    if (*at == '\n' && c->line_used == 0)
        answered(c, now);
    else
        c->line_used = *at == '\n' ? 0 : c->line_used + (*at != '\r');
    return 1;
}

static size_t (*const TAKE[])(struct client *, const char *, size_t, long long) = {
    [HEAD] = take_head, [SIZED] = take_body, [CHUNK_SIZE] = take_size,
    [CHUNK] = take_body, [CHUNK_END] = take_end, [TRAILER] = take_trailer,
};

static void receive(struct client *c) {
    static char buffer[1 << 18];
    ssize_t got = recv(c->fd, buffer, sizeof buffer, 0);
    long long now = monotonic_ns();
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        refuse(c, "the connection was closed; the last answer began:");
    for (ssize_t at = 0; at < got;)
        at += (ssize_t)TAKE[c->reading](c, buffer + at, (size_t)(got - at), now);
}

static void turn(int wait_ms) {
    struct epoll_event ready[256];
    int many = epoll_wait(epoll, ready, 256, wait_ms);
    for (int i = 0; i < many; i++) {
        struct client *c = ready[i].data.ptr;
        if (ready[i].events & EPOLLOUT) {
            send_request(c);
            if (!c->to_send)
                watch(c, EPOLL_CTL_MOD, EPOLLIN);
        }
        if (ready[i].events & ~(unsigned)EPOLLOUT)
            receive(c);
    }
}

static void announce(const char *what) {
    puts(what);
    fflush(stdout);
}

static void measure(long stagger_us, long warmup_ms, long window_ms, long wanted) {
    long long begin = monotonic_ns(), warm = 0, now;
    while (!closed) {
        now = monotonic_ns();
        while (started_clients < connections
               && now >= begin + started_clients * stagger_us * 1000LL)
            open_client(&clients[started_clients++]);
        if (!warm && !cold)
            warm = now;
        if (!opened && warm && now >= warm + warmup_ms * 1000000LL) {
            opened = now;
            announce("begin");
        }
        if (opened && (wanted ? requests >= wanted
                              : now >= opened + window_ms * 1000000LL
                                    && (requests >= connections || expected_deltas < 0)))
            closed = now;
        else if (now > (opened ? opened + GIVE_UP_NS : begin + GIVE_UP_COLD_NS))
            die("the answers do not come");
        else
            turn(1);
    }
    announce("end");
}

static void print_samples(const char *name, const struct samples *samples) {
    printf(", \"%s\": [", name);
    for (size_t i = 0; i < samples->used; i++)
        printf("%s%lld", i ? "," : "", samples->at[i]);
    printf("]");
}

int main(int count, char **arguments) {
    if (count != 9)
        die("usage: see the head of load.c");
    port = atoi(arguments[1]);
    request = read_file(arguments[2], &request_length);
    cold = connections = atol(arguments[3]);
    expected_deltas = atol(arguments[8]);
    clients = xrealloc(NULL, (size_t)connections * sizeof *clients);
    memset(clients, 0, (size_t)connections * sizeof *clients);
    if ((epoll = epoll_create1(0)) < 0)
        die_errno("epoll_create1");
    measure(atol(arguments[4]), atol(arguments[5]), atol(arguments[6]), atol(arguments[7]));
    printf("{\"seconds\": %.6f, \"requests\": %ld, \"deltas\": %ld",
           (double)(closed - opened) / 1e9, requests, deltas);
    print_samples("latency", &latency);
    print_samples("first", &first);
    print_samples("delta", &transit);
    puts("}");
}
