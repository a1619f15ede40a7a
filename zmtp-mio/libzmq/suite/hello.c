/* A program that is built with the header and the library that install.sh installs. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

int main(void) {
    int major, minor, patch;
    zmq_version(&major, &minor, &patch);
    assert(ZMQ_MAKE_VERSION(major, minor, patch) == ZMQ_VERSION);
    void *context = zmq_ctx_new();
    void *rep = zmq_socket(context, ZMQ_REP), *req = zmq_socket(context, ZMQ_REQ);
    char endpoint[64], answer[8] = "";
    size_t size = sizeof endpoint;
    assert(zmq_bind(rep, "tcp://127.0.0.1:*") == 0);
    assert(zmq_getsockopt(rep, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0);
    assert(zmq_connect(req, endpoint) == 0);
    assert(zmq_send(req, "hello", 5, 0) == 5);
    zmq_msg_t msg;
    assert(zmq_msg_init(&msg) == 0);
    assert(zmq_msg_recv(&msg, rep, 0) == 5);
    assert(zmq_msg_send(&msg, rep, 0) == 5);
    assert(zmq_recv(req, answer, sizeof answer, 0) == 5 && strcmp(answer, "hello") == 0);
    assert(zmq_close(req) == 0 && zmq_close(rep) == 0);
    assert(zmq_ctx_term(context) == 0);
    printf("%d.%d.%d: %s\n", major, minor, patch, answer);
    return 0;
}
