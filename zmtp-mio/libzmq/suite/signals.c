/* A signal that is handled ends a call that waits with EINTR, and the call can be made again. */
#undef NDEBUG
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

static void *context;
static pthread_t waiting;
static atomic_int is_over;

static void handle(int number) { (void)number; }

/* Sends signals to the thread that waits, until its call has ended: the first one can arrive before the wait. */
static void *interrupt(void *argument) {
    (void)argument;
    struct timespec pause = {0, 1000000};
    while (!is_over) {
        assert(pthread_kill(waiting, SIGUSR1) == 0);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/* Calls a function that waits for ever. */
static void is_interrupted(const char *name, int (*call)(void *), void *argument) {
    pthread_t thread;
    is_over = 0;
    assert(pthread_create(&thread, NULL, interrupt, NULL) == 0);
    errno = 0;
    int result = call(argument), error = errno;
    is_over = 1;
    assert(pthread_join(thread, NULL) == 0);
    printf("%s: %d, %s\n", name, result, zmq_strerror(error));
    fflush(stdout);
    assert(result == -1 && error == EINTR);
}

static int receive(void *socket) { return zmq_recv(socket, NULL, 0, 0); }

static int receive_message(void *socket) {
    zmq_msg_t msg;
    assert(zmq_msg_init(&msg) == 0);
    int result = zmq_msg_recv(&msg, socket, 0), error = errno;
    assert(zmq_msg_close(&msg) == 0);
    errno = error;
    return result;
}

static int send_bytes(void *socket) { return zmq_send(socket, "x", 1, 0); }
static int send_part(void *socket) { return zmq_send(socket, "x", 1, ZMQ_SNDMORE); }

static int poll_socket(void *socket) {
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    return zmq_poll(&item, 1, -1);
}

static int poll_nothing(void *socket) {
    (void)socket;
    return zmq_poll(NULL, 0, -1);
}

static int terminate(void *ended) { return zmq_ctx_term(ended); }

/* The same with a time limit, which does not run out. */
static void limit(void *socket, int option) {
    int millis = 1000000;
    assert(zmq_setsockopt(socket, option, &millis, sizeof millis) == 0);
}

int main(void) {
    waiting = pthread_self();
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handle;
    /* The flag has no effect on calls that poll. */
    action.sa_flags = SA_RESTART;
    assert(sigaction(SIGUSR1, &action, NULL) == 0);
    context = zmq_ctx_new();
    void *pull = zmq_socket(context, ZMQ_PULL), *push = zmq_socket(context, ZMQ_PUSH);
    assert(context && pull && push);
    for (int limited = 0; limited < 2; limited++) {
        if (limited) limit(pull, ZMQ_RCVTIMEO);
        if (limited) limit(push, ZMQ_SNDTIMEO);
        is_interrupted("zmq_recv", receive, pull);
        is_interrupted("zmq_msg_recv", receive_message, pull);
        is_interrupted("zmq_send", send_bytes, push);
        is_interrupted("zmq_send with ZMQ_SNDMORE", send_part, push);
    }
    is_interrupted("zmq_poll", poll_socket, pull);
    is_interrupted("zmq_poll without items", poll_nothing, NULL);
    /* The sockets work afterwards. */
    char answer[2];
    assert(zmq_bind(pull, "inproc://name") == 0 && zmq_connect(push, "inproc://name") == 0);
    assert(zmq_send(push, "x", 1, 0) == 1 && zmq_recv(pull, answer, sizeof answer, 0) == 1);
    /* The context waits for the sockets, and then for the linger of one of them. */
    is_interrupted("zmq_ctx_term with open sockets", terminate, context);
    is_interrupted("zmq_ctx_term again", terminate, context);
    assert(zmq_close(pull) == 0 && zmq_close(push) == 0 && zmq_ctx_term(context) == 0);
    context = zmq_ctx_new();
    push = zmq_socket(context, ZMQ_PUSH);
    assert(zmq_connect(push, "ipc://@zmtp-test-of-signals") == 0 && zmq_send(push, "late", 4, 0) == 4);
    assert(zmq_close(push) == 0);
    is_interrupted("zmq_ctx_term during a linger", terminate, context);
    void *other = zmq_ctx_new();
    pull = zmq_socket(other, ZMQ_PULL);
    assert(zmq_bind(pull, "ipc://@zmtp-test-of-signals") == 0);
    assert(zmq_ctx_term(context) == 0);
    assert(zmq_recv(pull, answer, sizeof answer, 0) == 4);
    assert(zmq_close(pull) == 0 && zmq_ctx_term(other) == 0);
    return 0;
}
