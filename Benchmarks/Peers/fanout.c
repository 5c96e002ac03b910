// Fan-out over a text protocol, as fast as a client can be: one epoll loop reads for all subscribers, one
// thread publishes.
//
//     fanout redis|nats PORT SUBSCRIBERS SECONDS RATE
//
// A message's payload is 64 bytes that start with the nanosecond of publishing. RATE is messages a second;
// 0 publishes as fast as the first subscriber receives, at most 256 ahead.
// Prints: deliveries/s, then the p50, p99 and largest latency in microseconds.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { PAYLOAD = 64, BUFFER = 1 << 17, BUCKETS = 2048, AHEAD = 256 };

static int isRedis, port;
static long rate;
static size_t messageSize, payloadAt;
static atomic_ulong received0;
static atomic_int stopping;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int dial(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("connect");
        exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void put(int fd, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t done = write(fd, bytes, count);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) { perror("write"); exit(1); }
        bytes += done;
        count -= (size_t)done;
    }
}

static void *publish(void *unused) {
    (void)unused;
    int fd = dial();
    static char out[BUFFER], in[BUFFER];
    if (!isRedis) put(fd, "CONNECT {\"verbose\":false}\r\n", 27);
    unsigned long sent = 0;
    uint64_t start = now();
    while (!atomic_load(&stopping)) {
        unsigned long want;
        if (rate > 0) {
            want = (unsigned long)((double)(now() - start) * 1e-9 * (double)rate);
        } else {
            want = atomic_load(&received0) + AHEAD;
        }
        size_t count = 0;
        while (sent < want && count + 256 < sizeof out) {
            char payload[PAYLOAD + 1];
            // An open loop counts from when the message was due.
            uint64_t due = rate > 0 ? start + (uint64_t)((double)sent * 1e9 / (double)rate) : now();
            snprintf(payload, sizeof payload, "%020lu%044d", (unsigned long)due, 0);
            count += (size_t)snprintf(out + count, sizeof out - count,
                isRedis ? "*3\r\n$7\r\nPUBLISH\r\n$5\r\nstock\r\n$64\r\n%s\r\n" : "PUB stock 64\r\n%s\r\n",
                payload);
            sent++;
        }
        if (count > 0) put(fd, out, count);
        else usleep(50);
        while (recv(fd, in, sizeof in, MSG_DONTWAIT) > 0) {}
    }
    return NULL;
}

typedef struct { int fd; size_t filled; unsigned long skip; char *bytes; } Subscriber;

static unsigned bucket(uint64_t value) {
    if (value < 64) return (unsigned)value;
    unsigned shift = 63u - (unsigned)__builtin_clzll(value) - 5u;
    return (shift << 5) + (unsigned)(value >> shift);
}

static uint64_t lowest(unsigned index) {
    if (index < 64) return index;
    unsigned shift = (index >> 5) - 1;
    return (uint64_t)(index - (shift << 5)) << shift;
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    isRedis = strcmp(argv[1], "redis") == 0;
    port = atoi(argv[2]);
    int count = atoi(argv[3]), seconds = atoi(argv[4]);
    rate = atol(argv[5]);
    const char *head = isRedis ? "*3\r\n$7\r\nmessage\r\n$5\r\nstock\r\n$64\r\n" : "MSG stock 1 64\r\n";
    payloadAt = strlen(head);
    messageSize = payloadAt + PAYLOAD + 2;
    int epoll = epoll_create1(0);
    Subscriber *all = calloc((size_t)count, sizeof *all);
    for (int i = 0; i < count; i++) {
        Subscriber *one = &all[i];
        one->fd = dial();
        one->bytes = malloc(BUFFER);
        if (isRedis) {
            put(one->fd, "*2\r\n$9\r\nSUBSCRIBE\r\n$5\r\nstock\r\n", 31);
            one->skip = strlen("*3\r\n$9\r\nsubscribe\r\n$5\r\nstock\r\n:1\r\n");
        } else {
            // PONG ends the preamble before the messages.
            put(one->fd, "CONNECT {\"verbose\":false}\r\nSUB stock 1\r\nPING\r\n", 46);
            char last[7] = "";
            while (strcmp(last, "PONG\r\n") != 0) {
                memmove(last, last + 1, 5);
                if (read(one->fd, last + 5, 1) != 1) return 1;
            }
        }
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
        epoll_ctl(epoll, EPOLL_CTL_ADD, one->fd, &event);
    }
    pthread_t publisher;
    pthread_create(&publisher, NULL, publish, NULL);
    static unsigned long buckets[BUCKETS];
    unsigned long delivered = 0;
    uint64_t begin = now() + 1000000000u, end = begin + (uint64_t)seconds * 1000000000u, at;
    while ((at = now()) < end) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, 10);
        for (int i = 0; i < ready; i++) {
            Subscriber *one = events[i].data.ptr;
            ssize_t got = read(one->fd, one->bytes + one->filled, BUFFER - one->filled);
            if (got <= 0) { fprintf(stderr, "a subscriber was disconnected\n"); return 1; }
            one->filled += (size_t)got;
            size_t offset = 0;
            if (one->skip > 0) {
                size_t skipped = one->skip < one->filled ? one->skip : one->filled;
                one->skip -= skipped;
                offset = skipped;
            }
            uint64_t time = now();
            while (one->filled - offset >= messageSize) {
                if (!isRedis && one->bytes[offset] != 'M') {
                    // NATS sends keep-alive lines in between; a PING is answered.
                    char *line = one->bytes + offset;
                    char *end = memchr(line, '\n', one->filled - offset);
                    if (!end) break;
                    if (strncmp(line, "PING", 4) == 0) put(one->fd, "PONG\r\n", 6);
                    offset += (size_t)(end - line) + 1;
                    continue;
                }
                if (time >= begin) {
                    // Zeros follow the 20 digits of the payload.
                    uint64_t sent = 0;
                    const char *digits = one->bytes + offset + payloadAt;
                    for (int k = 0; k < 20; k++) sent = sent * 10 + (uint64_t)(digits[k] - '0');
                    buckets[bucket((time - sent) / 1000)]++;
                    delivered++;
                }
                if (one == all) atomic_fetch_add(&received0, 1);
                offset += messageSize;
            }
            memmove(one->bytes, one->bytes + offset, one->filled - offset);
            one->filled -= offset;
        }
    }
    atomic_store(&stopping, 1);
    unsigned long sum = 0, p50 = 0, p99 = 0, last = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        if (buckets[i] == 0) continue;
        sum += buckets[i];
        if (p50 == 0 && sum * 2 >= delivered) p50 = lowest(i);
        if (p99 == 0 && sum * 100 >= delivered * 99) p99 = lowest(i);
        last = lowest(i);
    }
    printf("%.0f %lu %lu %lu\n", (double)delivered / seconds, p50, p99, last);
    fflush(stdout);
    _exit(0);
}
