/* A web server on a ZMQ_STREAM socket. It prints its address, answers as many requests as its argument says, and ends. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nHello, world!\n";

int main(int argc, char **argv) {
    int requests = argc > 1 ? atoi(argv[1]) : 1;
    void *context = zmq_ctx_new();
    void *stream = zmq_socket(context, ZMQ_STREAM);
    char endpoint[64];
    size_t size = sizeof endpoint;
    assert(zmq_bind(stream, "tcp://127.0.0.1:*") == 0);
    assert(zmq_getsockopt(stream, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0);
    printf("%s\n", endpoint + strlen("tcp://"));
    fflush(stdout);
    while (requests > 0) {
        /* A message has two parts: the routing id of a peer, and bytes that it has sent. No bytes: it connected, or left. */
        char id[256], bytes[4096];
        int id_size = zmq_recv(stream, id, sizeof id, 0);
        assert(id_size > 0);
        int len = zmq_recv(stream, bytes, sizeof bytes, 0);
        assert(len >= 0);
        if (len < 4 || memcmp(bytes, "GET ", 4) != 0)
            continue;
        assert(zmq_send(stream, id, id_size, ZMQ_SNDMORE) == id_size);
        assert(zmq_send(stream, answer, sizeof answer - 1, 0) == sizeof answer - 1);
        /* A message without bytes closes the connection. */
        assert(zmq_send(stream, id, id_size, ZMQ_SNDMORE) == id_size);
        assert(zmq_send(stream, "", 0, 0) == 0);
        requests--;
    }
    assert(zmq_close(stream) == 0);
    assert(zmq_ctx_term(context) == 0);
    return 0;
}
