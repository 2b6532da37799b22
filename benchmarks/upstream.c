/* An upstream that answers with prebuilt bytes: upstream DIRECTORY
 *
 * DIRECTORY holds the bytes (made by answers.py): `answer` is a whole HTTP answer;
 * `opening`, `delta`, `delta_escaped` and `closing` are the parts of a streamed one,
 * already in HTTP chunks. A delta holds '~' and STAMP_DIGITS digits.
 *
 * A request asks for a stream by a mark in its body (proxies pass a prompt's text on):
 *     [[stream deltas=N interval_us=I]]
 * With I = 0 the stream is one block of bytes and the stamps are zeros. Else a delta
 * leaves every I microseconds, stamped with the time of CLOCK_MONOTONIC in ns.
 * Requests whose body is longer than SMALL_BODY are not searched: `answer`.
 *
 * Listens on a free port of 127.0.0.1, which it prints; runs until it is killed.
 */
#define _GNU_SOURCE
#include "common.h"

#define MAX_CONNECTIONS 4096
#define SMALL_BODY 65536
#define ESCAPED_EVERY 8 /* one delta in eight has escapes in its JSON text */

struct bytes { char *at; size_t length; };

struct connection {
    char in[SMALL_BODY + 16384];
    size_t in_used;
    size_t to_discard;       /* of a long body */
    const char *out;         /* what is being sent */
    size_t out_left;
    long deltas_left;        /* of a paced stream; -1: closing sent, or none */
    long deltas_sent;
    long long interval, due; /* ns */
    char delta[1024];        /* the stamped one */
};

static struct connection *connections[MAX_CONNECTIONS];
static int highest, paced, epoll;
static struct bytes answer, opening, delta, delta_escaped, closing;
static struct bytes whole; /* the last unpaced stream that was asked for */
static long whole_deltas = -1;

static struct bytes load(const char *directory, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    struct bytes found = {0};
    found.at = read_file(path, &found.length);
    return found;
}

static const struct bytes *delta_number(long number) {
    return number % ESCAPED_EVERY == ESCAPED_EVERY - 1 ? &delta_escaped : &delta;
}

static char *append(char *to, const struct bytes *part) {
    return (char *)memcpy(to, part->at, part->length) + part->length;
}

static void build_whole(long deltas) {
    size_t longest = delta.length > delta_escaped.length ? delta.length : delta_escaped.length;
    free(whole.at);
    whole.at = xrealloc(NULL, opening.length + closing.length + longest * (size_t)deltas);
    char *to = append(whole.at, &opening);
    for (long i = 0; i < deltas; i++)
        to = append(to, delta_number(i));
    whole.length = (size_t)(append(to, &closing) - whole.at);
    whole_deltas = deltas;
}

static void hang_up(int fd) {
    if (connections[fd]->deltas_left >= 0)
        paced--;
    close(fd);
    free(connections[fd]);
    connections[fd] = NULL;
}

static void watch(int fd, int operation, unsigned events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(epoll, operation, fd, &event) < 0)
        die_errno("epoll_ctl");
}

/* Sends what is pending; 0 when the connection is gone. */
static int flush(int fd) {
    struct connection *c = connections[fd];
    while (c->out_left) {
        ssize_t sent = send(fd, c->out, c->out_left, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            watch(fd, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return 1;
        }
        if (sent < 0) {
            hang_up(fd);
            return 0;
        }
        c->out += sent;
        c->out_left -= (size_t)sent;
    }
    return 1;
}

static int say(int fd, const char *at, size_t length) {
    connections[fd]->out = at;
    connections[fd]->out_left = length;
    return flush(fd);
}

/* Sends the delta that is due, or the end; nothing while the client does not read. */
static void send_due(int fd, long long now) {
    struct connection *c = connections[fd];
    if (c->out_left || c->due > now)
        return;
    c->due += c->interval;
    if (c->deltas_left-- == 0) {
        paced--;
        say(fd, closing.at, closing.length);
        return;
    }
    const struct bytes *plain = delta_number(c->deltas_sent++);
    memcpy(c->delta, plain->at, plain->length);
    char stamp[STAMP_DIGITS + 1];
    snprintf(stamp, sizeof stamp, "%0*lld", STAMP_DIGITS, monotonic_ns());
    char *place = memchr(c->delta, '~', plain->length);
    memcpy(place + 1, stamp, STAMP_DIGITS);
    say(fd, c->delta, plain->length);
}

static int respond(int fd, const char *body, size_t length) {
    struct connection *c = connections[fd];
    const char *mark = memmem(body, length, "[[stream ", 9);
    long deltas, interval_us;
    if (!mark)
        return say(fd, answer.at, answer.length);
    if (sscanf(mark, "[[stream deltas=%ld interval_us=%ld]]", &deltas, &interval_us) != 2)
        die("a mark in a request that cannot be read");
    if (interval_us == 0) {
        if (whole_deltas != deltas)
            build_whole(deltas);
        return say(fd, whole.at, whole.length);
    }
    c->deltas_left = deltas;
    c->deltas_sent = 0;
    c->interval = interval_us * 1000LL;
    c->due = monotonic_ns(); /* the first follows the opening at once */
    paced++;
    return say(fd, opening.at, opening.length);
}

static size_t content_length(char *head) {
    char *field = strcasestr(head, "\r\ncontent-length:");
    return field ? strtoul(field + 17, NULL, 10) : 0;
}

/* Answers each whole request in the buffer. */
static void take_requests(int fd) {
    struct connection *c = connections[fd];
    char *end;
    while ((end = memmem(c->in, c->in_used, "\r\n\r\n", 4))) {
        *end = 0;
        size_t head = (size_t)(end - c->in) + 4, body = content_length(c->in);
        *end = '\r';
        if (body > SMALL_BODY) {
            size_t here = c->in_used - head;
            c->to_discard = body - here;
            c->in_used = 0;
            if (c->to_discard == 0)
                say(fd, answer.at, answer.length);
            return;
        }
        if (c->in_used < head + body)
            return;
        if (!respond(fd, c->in + head, body))
            return;
        c->in_used -= head + body;
        memmove(c->in, c->in + head + body, c->in_used);
    }
    if (c->in_used == sizeof c->in)
        die("a request head that is too long");
}

static void receive(int fd) {
    static char discarded[1 << 20];
    struct connection *c = connections[fd];
    int discard = c->to_discard > 0;
    char *to = discard ? discarded : c->in + c->in_used;
    size_t room = discard ? sizeof discarded : sizeof c->in - c->in_used;
    if (discard && room > c->to_discard)
        room = c->to_discard;
    ssize_t got = recv(fd, to, room, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        hang_up(fd);
    } else if (discard) {
        if ((c->to_discard -= (size_t)got) == 0)
            say(fd, answer.at, answer.length);
    } else {
        c->in_used += (size_t)got;
        take_requests(fd);
    }
}

static void welcome(int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MAX_CONNECTIONS)
            die("too many connections");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connections[fd] = xrealloc(NULL, sizeof **connections);
        memset(connections[fd], 0, sizeof **connections);
        connections[fd]->deltas_left = -1;
        highest = fd > highest ? fd : highest;
        watch(fd, EPOLL_CTL_ADD, EPOLLIN);
    }
}

/* Sends every delta that is due; returns the ms to wait for the next one. */
static int pace(void) {
    long long now = monotonic_ns(), next = now + 1000000000LL;
    for (int fd = 0; paced && fd <= highest; fd++) {
        if (!connections[fd] || connections[fd]->deltas_left < 0)
            continue;
        send_due(fd, now);
        struct connection *c = connections[fd];
        if (c && c->deltas_left >= 0 && !c->out_left && c->due < next)
            next = c->due;
    }
    return next <= now ? 0 : (int)((next - now + 999999) / 1000000);
}

static int listen_on_free_port(void) {
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0
        || listen(fd, 1024) < 0
        || getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        die_errno("cannot listen");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int count, char **arguments) {
    if (count != 2)
        die("usage: upstream DIRECTORY");
    answer = load(arguments[1], "answer");
    opening = load(arguments[1], "opening");
    delta = load(arguments[1], "delta");
    delta_escaped = load(arguments[1], "delta_escaped");
    closing = load(arguments[1], "closing");
    if ((epoll = epoll_create1(0)) < 0)
        die_errno("epoll_create1");
    int listener = listen_on_free_port();
    watch(listener, EPOLL_CTL_ADD, EPOLLIN);
    struct epoll_event ready[256];
    for (;;) {
        int many = epoll_wait(epoll, ready, 256, paced ? pace() : -1);
        for (int i = 0; i < many; i++) {
            int fd = ready[i].data.fd;
            if (fd == listener) {
                welcome(listener);
                continue;
            }
            if (connections[fd] && ready[i].events & EPOLLOUT && flush(fd)
                && !connections[fd]->out_left)
                watch(fd, EPOLL_CTL_MOD, EPOLLIN);
            if (connections[fd] && ready[i].events & ~(unsigned)EPOLLOUT)
                receive(fd);
        }
    }
}
