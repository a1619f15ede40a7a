/* The variables of the environment that set limits. */
#undef NDEBUG
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

static char endpoint[64];

static int linger(void *socket) {
    int value;
    size_t size = sizeof value;
    assert(zmq_getsockopt(socket, ZMQ_LINGER, &value, &size) == 0);
    return value;
}

static int64_t max_message_size(void *socket) {
    int64_t value;
    size_t size = sizeof value;
    assert(zmq_getsockopt(socket, ZMQ_MAXMSGSIZE, &value, &size) == 0);
    return value;
}

/* An invalid value ends the program's attempt to begin, with a message. */
static void is_refused(const char *name, const char *value) {
    int ends[2], saved = dup(STDERR_FILENO);
    char text[256] = "", expected[64];
    assert(saved >= 0 && pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    setenv(name, value, 1);
    errno = 0;
    void *context = zmq_ctx_new();
    int error = errno;
    unsetenv(name);
    assert(dup2(saved, STDERR_FILENO) >= 0 && close(ends[1]) == 0 && close(saved) == 0);
    assert(!context && error == EINVAL);
    assert(read(ends[0], text, sizeof text - 1) > 0 && close(ends[0]) == 0);
    printf("%s", text);
    snprintf(expected, sizeof expected, "%s=%s: ", name, value);
    assert(strstr(text, expected));
}

/* A message that is too long ends its connection, and a shorter one arrives. */
static void limits_messages(void *context, void *others) {
    unsigned char long_message[1001] = {0}, event[6];
    size_t size = sizeof endpoint;
    void *pull = zmq_socket(context, ZMQ_PULL), *events = zmq_socket(context, ZMQ_PAIR);
    void *one = zmq_socket(others, ZMQ_PUSH), *other = zmq_socket(others, ZMQ_PUSH);
    assert(max_message_size(pull) == 1000 && max_message_size(one) == -1);
    assert(linger(pull) == 250 && linger(one) == -1);
    assert(zmq_socket_monitor(pull, "inproc://events", ZMQ_EVENT_DISCONNECTED) == 0);
    assert(zmq_connect(events, "inproc://events") == 0);
    assert(zmq_bind(pull, "tcp://127.0.0.1:*") == 0);
    assert(zmq_getsockopt(pull, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0);
    assert(zmq_connect(one, endpoint) == 0 && zmq_send(one, long_message, 1001, 0) == 1001);
    assert(zmq_recv(events, event, sizeof event, 0) == sizeof event);
    assert(zmq_disconnect(one, endpoint) == 0);
    assert(zmq_connect(other, endpoint) == 0 && zmq_send(other, long_message, 1000, 0) == 1000);
    assert(zmq_recv(pull, long_message, sizeof long_message, 0) == 1000);
    /* The program's own setting counts. */
    int64_t none = -1;
    assert(zmq_setsockopt(pull, ZMQ_MAXMSGSIZE, &none, sizeof none) == 0 && max_message_size(pull) == -1);
    assert(zmq_close(one) == 0 && zmq_close(other) == 0 && zmq_close(pull) == 0 && zmq_close(events) == 0);
}

int main(void) {
    is_refused("ZMTP_SAFE_LIMITS", "yes");
    is_refused("ZMTP_MAX_MESSAGE_SIZE", "1k");
    is_refused("ZMTP_MAX_CONNECTIONS", "0");
    is_refused("ZMTP_LINGER", "soon");
    void *others = zmq_ctx_new();
    setenv("ZMTP_MAX_MESSAGE_SIZE", "1000", 1);
    setenv("ZMTP_LINGER", "250", 1);
    void *context = zmq_ctx_new();
    limits_messages(context, others);
    setenv("ZMTP_SAFE_LIMITS", "1", 1);
    unsetenv("ZMTP_MAX_MESSAGE_SIZE");
    void *safe = zmq_ctx_new(), *socket = zmq_socket(safe, ZMQ_PULL);
    assert(max_message_size(socket) == 128 << 20 && zmq_close(socket) == 0);
    assert(zmq_ctx_term(context) == 0 && zmq_ctx_term(others) == 0 && zmq_ctx_term(safe) == 0);
    return 0;
}
