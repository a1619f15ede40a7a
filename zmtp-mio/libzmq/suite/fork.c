/* A child of fork can close the sockets of its parent and end its contexts, whatever the threads of the parent did at that
 * moment, and opens its own. The parent goes on. */
#undef NDEBUG
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

enum { CHILDREN = 60, SECONDS = 60 };

static void *context;
static void *waiting, *sending, *receiving;
static void *results;
#ifdef ZMQ_BUILD_DRAFT_API
static void *poller;
#endif
static char endpoint[64];
static atomic_int is_over;

/* Waits in a receive: its socket is in use during each fork. */
static void *wait_for_ever(void *argument) {
    (void)argument;
    assert(zmq_recv(waiting, NULL, 0, 0) == -1 && zmq_errno() == ETERM);
    assert(zmq_close(waiting) == 0);
    return NULL;
}

/* Sends and receives all the time. */
static void *exchange(void *argument) {
    (void)argument;
    while (!is_over) {
        char byte;
        assert(zmq_send(sending, "x", 1, 0) == 1);
        assert(zmq_recv(receiving, &byte, 1, 0) == 1);
    }
    assert(zmq_close(sending) == 0 && zmq_close(receiving) == 0);
    return NULL;
}

/* Opens and closes sockets and contexts all the time. */
static void *open_and_close(void *argument) {
    (void)argument;
    while (!is_over) {
        void *own = zmq_ctx_new(), *one = zmq_socket(context, ZMQ_PUSH), *two = zmq_socket(own, ZMQ_PULL);
        assert(one && two && zmq_close(one) == 0 && zmq_close(two) == 0 && zmq_ctx_term(own) == 0);
    }
    return NULL;
}

static void fails(int result, int error) {
    if (result != -1 || errno != error) fprintf(stderr, "result %d: %s\n", result, zmq_strerror(errno));
    assert(result == -1 && errno == error);
}

static void child(int number) {
    int option = 0;
    size_t size = sizeof option;
    /* A call that waits for a lock of the parent would wait for ever. */
    alarm(SECONDS);
    if (number % 3 > 0) {
        void *inherited[] = {waiting, sending, receiving, results};
        for (int i = 0; i < 4; i++) {
            zmq_pollitem_t item = {inherited[i], 0, ZMQ_POLLIN, 0};
            fails(zmq_poll(&item, 1, 0), ETERM);
            fails(zmq_send(inherited[i], "x", 1, ZMQ_DONTWAIT), ETERM);
            fails(zmq_recv(inherited[i], &option, 1, 0), ETERM);
            fails(zmq_getsockopt(inherited[i], ZMQ_EVENTS, &option, &size), ETERM);
            fails(zmq_setsockopt(inherited[i], ZMQ_LINGER, &option, sizeof option), ETERM);
            fails(zmq_connect(inherited[i], "inproc://name"), ETERM);
            if (number % 3 == 1) {
                assert(zmq_close(inherited[i]) == 0);
                fails(zmq_close(inherited[i]), ENOTSOCK);
            }
        }
        assert(!zmq_socket(context, ZMQ_PAIR) && errno == ETERM);
        fails(zmq_ctx_set(context, ZMQ_IPV6, 1), ETERM);
        fails(zmq_ctx_get(context, ZMQ_IPV6), ETERM);
#ifdef ZMQ_BUILD_DRAFT_API
        zmq_poller_event_t event;
        fails(zmq_poller_wait(poller, &event, 0), ETERM);
        fails(zmq_poller_add(poller, waiting, NULL, ZMQ_POLLIN), ETERM);
        assert(zmq_poller_destroy(&poller) == 0);
#endif
        assert(zmq_ctx_shutdown(context) == 0 && zmq_ctx_term(context) == 0);
        fails(zmq_ctx_term(context), EFAULT);
    }
    void *own = zmq_ctx_new(), *push = zmq_socket(own, ZMQ_PUSH);
    assert(own && push && zmq_connect(push, endpoint) == 0);
    assert(zmq_send(push, &number, sizeof number, 0) == sizeof number);
    assert(zmq_close(push) == 0 && zmq_ctx_term(own) == 0);
    _exit(0);
}

int main(void) {
    size_t size = sizeof endpoint;
    context = zmq_ctx_new();
    waiting = zmq_socket(context, ZMQ_PULL);
    sending = zmq_socket(context, ZMQ_PUSH);
    receiving = zmq_socket(context, ZMQ_PULL);
    results = zmq_socket(context, ZMQ_PULL);
    assert(zmq_bind(results, "tcp://127.0.0.1:*") == 0);
    assert(zmq_getsockopt(results, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0);
    assert(zmq_bind(receiving, "ipc://@zmtp-test-of-fork") == 0 && zmq_connect(sending, "ipc://@zmtp-test-of-fork") == 0);
#ifdef ZMQ_BUILD_DRAFT_API
    poller = zmq_poller_new();
    assert(zmq_poller_add(poller, results, NULL, ZMQ_POLLIN) == 0);
#endif
    pthread_t threads[3];
    void *(*functions[])(void *) = {wait_for_ever, exchange, open_and_close};
    for (int i = 0; i < 3; i++) assert(pthread_create(&threads[i], NULL, functions[i], NULL) == 0);
    for (int i = 0; i < CHILDREN; i++) {
        int status, number;
        pid_t process = fork();
        assert(process >= 0);
        if (process == 0) child(i);
        assert(waitpid(process, &status, 0) == process);
        if (status) fprintf(stderr, "child %d: status %#x\n", i, status);
        assert(status == 0);
        assert(zmq_recv(results, &number, sizeof number, 0) == sizeof number && number == i);
    }
    is_over = 1;
    assert(pthread_join(threads[1], NULL) == 0 && pthread_join(threads[2], NULL) == 0);
    assert(zmq_ctx_shutdown(context) == 0 && pthread_join(threads[0], NULL) == 0);
#ifdef ZMQ_BUILD_DRAFT_API
    assert(zmq_poller_destroy(&poller) == 0);
#endif
    assert(zmq_close(results) == 0 && zmq_ctx_term(context) == 0);
    printf("%d children closed the sockets of their parent, and sent by their own\n", CHILDREN);
    return 0;
}
