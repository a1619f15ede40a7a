/* Loads the library, uses it, ends the context and unloads the library, 100 times. The numbers of threads and descriptors
 * are the same afterwards, and the memory does not grow without bound. While the context is used, it has one thread. */
#undef NDEBUG
#include <assert.h>
#include <dirent.h>
#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

enum { ROUNDS = 100, WARM_UP = 20, LARGE = 300000 };

/* The functions of the library, which this program is not linked with. */
#define FUNCTIONS(F)                                                                                                   \
    F(ctx_new) F(ctx_set) F(ctx_term) F(socket) F(close) F(bind) F(connect) F(send) F(recv) F(poll) F(setsockopt)      \
    F(getsockopt) F(msg_init_data) F(msg_send) F(msg_init) F(msg_recv) F(msg_close) F(socket_monitor)
#define DECLARE(name) static __typeof__(zmq_##name) *name##_;
FUNCTIONS(DECLARE)
#define FIND(name) assert((name##_ = (__typeof__(zmq_##name) *)dlsym(library, "zmq_" #name)));

/* The number of entries in a folder. */
static int entries(const char *path) {
    DIR *folder = opendir(path);
    assert(folder);
    int count = 0;
    while (readdir(folder)) count++;
    assert(closedir(folder) == 0);
    return count;
}

/* The number of threads, with two more entries. A thread that has ended is listed for a moment longer, so that this waits for
 * the expected number. */
static int thread_entries(int expected) {
    int count = entries("/proc/self/task");
    for (int millis = 0; count != expected && millis < 10000; millis++) {
        usleep(1000);
        count = entries("/proc/self/task");
    }
    return count;
}

static long resident_pages(void) {
    long size, resident;
    FILE *file = fopen("/proc/self/statm", "r");
    assert(file && fscanf(file, "%ld %ld", &size, &resident) == 2);
    fclose(file);
    return resident;
}

static void free_data(void *data, void *hint) {
    ++*(int *)hint;
    free(data);
}

/* Sends a short and a long message from a socket to another. */
static void exchange(void *context, int from_kind, int to_kind, const char *address, const char *monitor) {
    void *from = socket_(context, from_kind), *to = socket_(context, to_kind), *events = socket_(context, ZMQ_PAIR);
    char endpoint[256], answer[8];
    size_t size = sizeof endpoint;
    int freed = 0, fd;
    assert(from && to && events);
    assert(socket_monitor_(to, monitor, ZMQ_EVENT_ALL) == 0 && connect_(events, monitor) == 0);
    assert(bind_(to, address) == 0 && getsockopt_(to, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0);
    char *port = strstr(endpoint, "0.0.0.0:"), name[64];
    if (port) snprintf(name, sizeof name, "tcp://localhost:%s", port + 8);
    assert(connect_(from, port ? name : endpoint) == 0);
    assert(send_(from, "short", 5, 0) == 5);
    zmq_msg_t msg;
    assert(msg_init_data_(&msg, calloc(1, LARGE), LARGE, free_data, &freed) == 0);
    assert(msg_send_(&msg, from, 0) == LARGE);
    size = sizeof fd;
    assert(getsockopt_(to, ZMQ_FD, &fd, &size) == 0 && fd >= 0);
    zmq_pollitem_t item = {to, 0, ZMQ_POLLIN, 0};
    assert(poll_(&item, 1, -1) == 1);
    assert(recv_(to, answer, sizeof answer, 0) == 5 && memcmp(answer, "short", 5) == 0);
    assert(msg_init_(&msg) == 0 && msg_recv_(&msg, to, 0) == LARGE && msg_close_(&msg) == 0);
    assert(close_(from) == 0 && close_(to) == 0 && close_(events) == 0);
    assert(freed == 1 || strncmp(address, "tcp", 3) == 0);
}

static void use(int threads) {
    void *library = dlopen("libzmq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library) fprintf(stderr, "%s\n", dlerror());
    assert(library);
    FUNCTIONS(FIND)
    void *context = ctx_new_();
    assert(context && ctx_set_(context, ZMQ_IO_THREADS, 4) == 0);
    exchange(context, ZMQ_PUSH, ZMQ_PULL, "tcp://*:*", "inproc://1");
    exchange(context, ZMQ_DEALER, ZMQ_DEALER, "ipc://*", "inproc://2");
    exchange(context, ZMQ_PAIR, ZMQ_PAIR, "inproc://name", "inproc://3");
    assert(thread_entries(threads + 1) == threads + 1);
    /* A socket whose peer does not exist, and which is closed with an unsent message. */
    void *alone = socket_(context, ZMQ_PUSH);
    int linger = 1;
    assert(setsockopt_(alone, ZMQ_LINGER, &linger, sizeof linger) == 0);
    assert(connect_(alone, "ipc://@zmtp-nobody-listens-here") == 0 && send_(alone, "lost", 4, 0) == 4);
    assert(close_(alone) == 0);
    assert(ctx_term_(context) == 0);
    assert(dlclose(library) == 0);
}

int main(void) {
    int threads = entries("/proc/self/task"), descriptors = entries("/proc/self/fd");
    long pages = 0;
    for (int round = 0; round < ROUNDS; round++) {
        use(threads);
        if (round == WARM_UP) pages = resident_pages();
    }
    int now_threads = thread_entries(threads), now_descriptors = entries("/proc/self/fd");
    long grown = (resident_pages() - pages) * (sysconf(_SC_PAGESIZE) / 1024);
    printf("%d rounds: %d threads, before %d; %d descriptors, before %d; %ld KiB more than after %d rounds\n", ROUNDS,
           now_threads - 2, threads - 2, now_descriptors - 3, descriptors - 3, grown, WARM_UP);
    fflush(stdout);
    assert(now_threads == threads && now_descriptors == descriptors);
    assert(grown < 4 * 1024);
    return 0;
}
