/* A small HTTP server on 127.0.0.1 for the download tests, one connection at a time in a thread of
 * its own, that misbehaves as it is told. */
#ifndef TESTS_IO_HTTP_SERVER_H
#define TESTS_IO_HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>

typedef enum http_behaviour {
    HTTP_SERVES = 0,         /* ranges too: 206, or 416 behind the end */
    HTTP_IGNORES_RANGES = 1, /* always 200 and everything */
    HTTP_CUTS = 2,           /* promises everything, hangs up half-way */
    HTTP_STALLS = 3,         /* sends half, then nothing */
    HTTP_IS_SILENT = 4,      /* takes the request, never answers */
    HTTP_NOT_FOUND = 5,      /* 404 with a page */
    HTTP_REDIRECTS = 6,      /* 302 to /moved, which is served; all else redirects */
    HTTP_IS_ENDLESS = 7      /* says no length, and sends as long as anybody listens */
} http_behaviour;

typedef struct http_server http_server;

http_server *http_start(http_behaviour behaviour, const unsigned char *content, size_t count);
void http_behave(http_server *server, http_behaviour behaviour);
const char *http_url(const http_server *server);

/* Requests answered so far, content bytes sent, and the last request's range start (-1: none). */
int http_requests(const http_server *server);
int64_t http_sent_bytes(const http_server *server);
int64_t http_last_range(const http_server *server);

void http_stop(http_server *server);

#endif
