/* What @connections of API Gateway is to a client, and cheaper than any client: one thread, epoll, OpenSSL.

   stub CERTIFICATE KEY MILLISECONDS     prints its port, and answers each signed POST after so long:
                                         410 where "GONE" is in the path, else 200. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 65536
#define ROOM (160 * 1024)
#define HEAD                                                                                               \
    "Date: Mon, 23 Nov 2026 10:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 0\r\n"       \
    "Connection: keep-alive\r\nx-amzn-RequestId: 6c0c3e5b-1d4f-4d9c-8f5e-0b7a3f1c2d4e\r\n"

static const char *OK = "HTTP/1.1 200 OK\r\n" HEAD "x-amz-apigw-id: Zk1pQH9loAMFsbg=\r\n\r\n";
static const char *GONE = "HTTP/1.1 410 Gone\r\n" HEAD "x-amzn-ErrorType: GoneException\r\n\r\n";
static const char *DENIED = "HTTP/1.1 403 Forbidden\r\n" HEAD "x-amzn-ErrorType: ForbiddenException\r\n\r\n";

typedef struct {
    SSL *ssl;
    unsigned generation;
    size_t length;
    char *buffer;
} Connection;

typedef struct {
    double due;
    int fd;
    unsigned generation;
    const char *answer;
} Late;

static Connection connections[CONNECTIONS];
static Late late[CONNECTIONS];
static unsigned first, last;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void drop(int fd) {
    Connection *c = &connections[fd];
    SSL_free(c->ssl);
    free(c->buffer);
    c->ssl = NULL;
    c->buffer = NULL;
    c->generation++;
    close(fd);
}

static void answer(const Late *l) {
    Connection *c = &connections[l->fd];
    if (c->ssl && c->generation == l->generation && SSL_write(c->ssl, l->answer, strlen(l->answer)) <= 0)
        drop(l->fd);
}

/* Take the requests that are whole from the buffer. */
static void understand(int fd, double latency) {
    Connection *c = &connections[fd];
    char *end;
    while (c->ssl && (end = memmem(c->buffer, c->length, "\r\n\r\n", 4))) {
        *end = 0;
        char *length = strcasestr(c->buffer, "\ncontent-length:");
        size_t whole = end + 4 - c->buffer + (length ? strtoul(length + 16, NULL, 10) : 0);
        if (whole > c->length) {
            *end = '\r';
            return;
        }
        char *line = strchr(c->buffer, '\r');
        int signed_ = strstr(line ? line : c->buffer, "Authorization: AWS4-HMAC-SHA256 Credential=") != NULL;
        if (line)
            *line = 0;
        Late l = {now() + latency, fd, c->generation,
                  signed_ ? (strstr(c->buffer, "GONE") ? GONE : OK) : DENIED};
        memmove(c->buffer, c->buffer + whole, c->length -= whole);
        if (latency > 0)
            late[last++ % CONNECTIONS] = l;
        else
            answer(&l);
    }
}

static void receive(int fd, double latency) {
    Connection *c = &connections[fd];
    while (c->ssl) {
        int n = SSL_read(c->ssl, c->buffer + c->length, ROOM - 1 - c->length);
        if (n <= 0) {
            int error = SSL_get_error(c->ssl, n);
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
                drop(fd);
            return;
        }
        c->length += n;
        c->buffer[c->length] = 0;
        understand(fd, latency);
    }
}

static void welcome(int listener, int epoll, SSL_CTX *context) {
    int fd, yes = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= CONNECTIONS) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        Connection *c = &connections[fd];
        c->ssl = SSL_new(context);
        c->buffer = malloc(ROOM);
        c->length = 0;
        SSL_set_fd(c->ssl, fd);
        SSL_set_accept_state(c->ssl);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static int listening(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(fd, (struct sockaddr *)&address, size) || listen(fd, 4096))
        exit(1);
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    signal(SIGPIPE, SIG_IGN);
    if (argc != 4 || SSL_CTX_use_certificate_chain_file(context, argv[1]) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1)
        return 1;
    double latency = atof(argv[3]);
    int listener = listening(), epoll = epoll_create1(0);
    struct epoll_event events[512], event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int wait = -1;
        if (first != last) {
            double left = late[first % CONNECTIONS].due - now();
            wait = left > 0 ? (int)(left + 0.999) : 0;
        }
        int n = epoll_wait(epoll, events, 512, wait);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener)
                welcome(listener, epoll, context);
            else
                receive(events[i].data.fd, latency);
        }
        for (double at = now(); first != last && late[first % CONNECTIONS].due <= at; first++)
            answer(&late[first % CONNECTIONS]);
    }
}
