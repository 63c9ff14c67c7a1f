/* A small HTTP server that misbehaves as it is told. */
#include "http_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

struct http_server {
    const unsigned char *content;
    size_t count;
    int listener;
    int stop[2]; /* a pipe: closing [1] ends the thread */
    pthread_t thread;
    char url[64];
    _Atomic int behaviour, requests;
    _Atomic int64_t sent, range;
};

/* 0 where the client hung up. */
static int send_all(int client, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0) {
        const ssize_t done = send(client, at, count, MSG_NOSIGNAL);
        if (done <= 0) return 0;
        at += done;
        count -= (size_t)done;
    }
    return 1;
}

static void send_head(int client, const char *status, size_t length, const char *more)
{
    char head[512];
    const int bytes = snprintf(head, sizeof head,
                               "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n",
                               status, length, more);
    send_all(client, head, (size_t)bytes);
}

static int send_content(http_server *server, int client, size_t first, size_t count)
{
    /* Trap: before it is sent, since the client may be done with it before this thread goes on. */
    server->sent += (int64_t)count;
    return send_all(client, server->content + first, count);
}

/* Until the client hangs up or the test ends. */
static void wait_for_end(const http_server *server, int client)
{
    struct pollfd events[] = {{client, POLLIN, 0}, {server->stop[0], POLLIN, 0}};
    poll(events, 2, 20000);
}

static void serve_range(http_server *server, int client, int64_t start)
{
    char range[128];
    if (start >= (int64_t)server->count) {
        snprintf(range, sizeof range, "Content-Range: bytes */%zu\r\n", server->count);
        send_head(client, "416 Range Not Satisfiable", 0, range);
        return;
    }
    snprintf(range, sizeof range, "Content-Range: bytes %lld-%zu/%zu\r\n", (long long)start,
             server->count - 1, server->count);
    send_head(client, "206 Partial Content", server->count - (size_t)start, range);
    send_content(server, client, (size_t)start, server->count - (size_t)start);
}

static void answer(http_server *server, int client, const char *request)
{
    const char *const range = strstr(request, "Range: bytes=");
    const int64_t start = range != NULL ? strtoll(range + strlen("Range: bytes="), NULL, 10) : -1;
    server->range = start;
    server->requests++;
    int behaviour = server->behaviour;
    if (behaviour == HTTP_REDIRECTS && strncmp(request, "GET /moved ", 11) == 0)
        behaviour = HTTP_SERVES;
    switch (behaviour) {
    case HTTP_SERVES:
        if (start >= 0) {
            serve_range(server, client, start);
            break;
        } /* fall through */
    case HTTP_IGNORES_RANGES:
        send_head(client, "200 OK", server->count, "");
        send_content(server, client, 0, server->count);
        break;
    case HTTP_CUTS:
    case HTTP_STALLS:
        send_head(client, "200 OK", server->count, "");
        send_content(server, client, 0, server->count / 2);
        if (behaviour == HTTP_STALLS) wait_for_end(server, client);
        break;
    case HTTP_IS_SILENT: wait_for_end(server, client); break;
    case HTTP_IS_ENDLESS: {
        static const char head[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
        int open = send_all(client, head, sizeof head - 1);
        for (int i = 0; i < 1000 && open; i++) open = send_content(server, client, 0, server->count);
        break;
    }
    case HTTP_REDIRECTS:
        send_head(client, "302 Found", 5, "Location: /moved\r\n");
        send_all(client, "moved", 5);
        break;
    default: send_head(client, "404 Not Found", 9, ""); send_all(client, "not here\n", 9);
    }
}

static void handle(http_server *server, int client)
{
    char request[4096];
    size_t used = 0;
    while (used < sizeof request - 1) {
        const ssize_t got = recv(client, request + used, sizeof request - 1 - used, 0);
        if (got <= 0) return;
        used += (size_t)got;
        request[used] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL) {
            answer(server, client, request);
            return;
        }
    }
}

static void *run(void *context)
{
    http_server *const server = context;
    for (;;) {
        struct pollfd events[] = {{server->listener, POLLIN, 0}, {server->stop[0], POLLIN, 0}};
        poll(events, 2, -1);
        if (events[1].revents != 0) return NULL;
        const int client = accept(server->listener, NULL, NULL);
        if (client < 0) continue;
        handle(server, client);
        close(client);
    }
}

http_server *http_start(http_behaviour behaviour, const unsigned char *content, size_t count)
{
    http_server *const server = calloc(1, sizeof *server);
    assert_non_null(server);
    server->content = content;
    server->count = count;
    server->behaviour = (int)behaviour;
    server->range = -1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, bytes), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &bytes), 0);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d/file", ntohs(address.sin_port));
    assert_int_equal(pipe(server->stop), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
    return server;
}

void http_behave(http_server *server, http_behaviour behaviour)
{
    server->behaviour = (int)behaviour;
}

const char *http_url(const http_server *server)
{
    return server->url;
}

int http_requests(const http_server *server)
{
    return server->requests;
}

int64_t http_sent_bytes(const http_server *server)
{
    return server->sent;
}

int64_t http_last_range(const http_server *server)
{
    return server->range;
}

void http_stop(http_server *server)
{
    close(server->stop[1]);
    pthread_join(server->thread, NULL);
    close(server->stop[0]);
    close(server->listener);
    free(server);
}
