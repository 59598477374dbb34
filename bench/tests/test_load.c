/*
 * test_load - do the clients of the load generator notice what a server does wrong, and do they tell how long it takes?
 *
 * The servers are here, too: `test_load serve HOW PORT` is one, for the tests of the whole bench.
 */
#include "unit/unit.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io_status.h"
#include "load/load.h"
#include "load/tick.h"
#include "net.h"
#include "unit/must.h"
#include "upper.h"

enum { MAX_FDS = 1100, MESSAGE = 64, GOOD_ANSWERS = 20 };

static const double pauses_for = 0.2; /* of each second */

/* ---- Servers ---- */

/* It must seem all right at first. */
static void answer(const char *how, int fd, char *bytes, size_t size)
{
    static int answers;
    const bool goes_wrong = ++answers > GOOD_ANSWERS;

    upper(bytes, size);
    if (goes_wrong && strcmp(how, "wrong") == 0)
        bytes[size / 2] ^= 1;
    if (goes_wrong && strcmp(how, "crashes") == 0)
        abort();
    if ((goes_wrong && strcmp(how, "stalls") == 0) || strcmp(how, "silent") == 0)
        return;
    if ((goes_wrong && strcmp(how, "hangs-up") == 0) || strcmp(how, "sends-away") == 0)
        (void)shutdown(fd, SHUT_RDWR);
    size += goes_wrong && strcmp(how, "too-much") == 0;
    size -= goes_wrong && strcmp(how, "too-little") == 0;
    (void)io_send(fd, bytes, size);
}

/* It works in the first 800 ms of each second. */
static void pause_sometimes(void)
{
    const double left = 1 - fmod(net_now(), 1);

    if (left < pauses_for)
        nanosleep(&(struct timespec){.tv_nsec = (long)(left * 1e9)}, NULL);
}

/* Serves all at once, until it is killed. */
static void serve(const char *how, int listener)
{
    struct pollfd fds[MAX_FDS] = {{.fd = listener, .events = POLLIN}};
    char bytes[4096] = "";
    nfds_t count = 1;

    if (strcmp(how, "deaf") == 0)
        signal(SIGTERM, SIG_IGN);
    for (;;) {
        (void)poll(fds, count, -1);
        if (strcmp(how, "pauses") == 0)
            pause_sometimes();
        if ((fds[0].revents & POLLIN) != 0 && count < MAX_FDS &&
            io_accept(listener, &fds[count].fd).status == IO_SUCCESS) {
            fds[count].revents = 0;
            fds[count++].events = POLLIN;
        }
        for (nfds_t i = 1; i < count; i++) {
            if (fds[i].revents == 0)
                continue;
            const struct io_result received = io_recv(fds[i].fd, bytes, sizeof bytes - 1);
            if (received.status == IO_SUCCESS) {
                answer(how, fds[i].fd, bytes, received.bytes);
                continue;
            }
            close(fds[i].fd);
            fds[i--] = fds[--count];
        }
    }
}

/* ---- Clients ---- */

struct scene {
    uv_loop_t loop;
    uv_timer_t tick;
    struct load *load;
    struct load_result result;
    bool stop;
    pid_t server;
};

static void begin(struct scene *scene, const char *how)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    const int listener = net_listen("127.0.0.1", "0");

    must(listener != -1 && getsockname(listener, (struct sockaddr *)&address, &size) == 0, "a listener");
    scene->server = fork();
    must(scene->server != -1, "fork");
    if (scene->server == 0) {
        alarm(60);
        serve(how, listener);
    }
    close(listener);
    uv_loop_init(&scene->loop);
    tick_begin(&scene->tick, &scene->loop);
    scene->stop = false;
    scene->load = load_new(&scene->loop, (const struct sockaddr *)&address, &scene->stop);
}

static void end(struct scene *scene)
{
    load_free(scene->load);
    tick_end(&scene->tick);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    kill(scene->server, SIGKILL);
    waitpid(scene->server, NULL, 0);
}

static void let_talk(struct scene *scene, size_t clients, size_t size, double rate, double seconds)
{
    assert_int_equal(load_connect(scene->load, clients), clients);
    assert_int_equal(load_gather(scene->load, 0, clients, size, 1), clients);
    load_begin(scene->load, rate);
    load_go_on(scene->load, seconds, &scene->result);
    load_end(scene->load);
}

static double milliseconds(const struct scene *scene, double part)
{
    return (double)histogram_quantile(&scene->result.waits, part) / 1e6;
}

static void is_a_right_server_right(void **state)
{
    static const size_t sizes[] = {1, MESSAGE, 5000, LOAD_MAX_SIZE};
    struct scene scene;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        begin(&scene, "right");
        let_talk(&scene, 7, sizes[i], 0, 0.2);
        assert_null(load_problem(scene.load));
        assert_true(scene.result.messages > 0);
        assert_int_equal(scene.result.waits.total, scene.result.messages);
        assert_true(load_messages(scene.load) >= scene.result.messages + 7);
        assert_true(scene.result.seconds >= 0.2 && scene.result.own_cpu > 0);
        end(&scene);
    }
}

static void is_a_wrong_server_noticed(void **state)
{
    static const struct {
        const char *how, *problem;
    } rows[] = {{"wrong", "a byte of an answer is "},
                {"too-much", "there are more bytes in an answer than in the message"},
                {"too-little", "it has not answered for two seconds, and only 63 bytes of 64 before"},
                {"hangs-up", "it closes connections that are in use"},
                {"stalls", "it has not answered for two seconds"}};
    struct scene scene;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(&scene, rows[i].how);
        let_talk(&scene, 3, MESSAGE, 0, 0.2);
        const char *problem = load_problem(scene.load);
        if (problem == NULL || strncmp(problem, rows[i].problem, strlen(rows[i].problem)) != 0)
            fail_msg("Of a server that is %s it says: %s", rows[i].how, problem != NULL ? problem : "nothing");
        end(&scene);
    }
}

/* Do messages in the open loop come as often as they should? On a busy machine the last ones come too late to be counted. */
static void is_the_rate_kept(void **state)
{
    struct scene scene;

    begin(&scene, "right");
    let_talk(&scene, 5, MESSAGE, 1000, 0.5);
    assert_null(load_problem(scene.load));
    if (scene.result.messages < 250 || scene.result.messages > 600)
        fail_msg("In half a second there were %d messages, not 500.", (int)scene.result.messages);
    end(&scene);
}

/*
 * A server that pauses for 200 ms each second is asked at random moments by the outside world: a fifth of all messages come during
 * a pause. Clients that wait hardly notice: each of them has one message in each pause.
 */
static void are_pauses_seen(void **state)
{
    struct scene scene;

    begin(&scene, "pauses");
    let_talk(&scene, 5, MESSAGE, 0, 3);
    const double closed = milliseconds(&scene, 0.95);
    end(&scene);
    begin(&scene, "pauses");
    let_talk(&scene, 5, MESSAGE, 1000, 3);
    const double open = milliseconds(&scene, 0.95);
    end(&scene);
    if (open < 5 * closed || open < 1e3 * pauses_for / 2)
        fail_msg(
            "One message in 20 waits %.1f ms in the closed loop and %.1f ms in the open one: only the open one should "
            "tell of the server's pauses.",
            closed, open);
}

static void do_visitors_come_and_go(void **state)
{
    struct scene scene;

    begin(&scene, "right");
    load_begin_visits(scene.load, 4, MESSAGE);
    assert_true(load_go_on(scene.load, 0.2, &scene.result));
    assert_true(load_end(scene.load));
    assert_true(scene.result.messages > 4);
    end(&scene);
}

/* What if nobody answers? Then it waits no longer than it was told to. */
static void how_long_does_it_wait(void **state)
{
    struct scene scene;

    begin(&scene, "right");
    kill(scene.server, SIGSTOP);
    assert_int_equal(load_connect(scene.load, 2), 2); /* the kernel takes them */
    const double start = net_now();
    assert_int_equal(load_ask(scene.load, 0, 2, MESSAGE, 0.2), 0);
    assert_true(net_now() - start >= 0.19);
    scene.stop = true;
    assert_int_equal(load_gather(scene.load, 0, 2, MESSAGE, 60), 0);
    assert_true(net_now() - start < 30);
    end(&scene);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_a_right_server_right), cmocka_unit_test(is_a_wrong_server_noticed),
        cmocka_unit_test(is_the_rate_kept),        cmocka_unit_test(are_pauses_seen),
        cmocka_unit_test(do_visitors_come_and_go), cmocka_unit_test(how_long_does_it_wait),
    };

    signal(SIGPIPE, SIG_IGN);
    if (argc == 4 && strcmp(argv[1], "serve") == 0)
        serve(argv[2], net_listen("127.0.0.1", argv[3]));
    unit_begin();
    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
