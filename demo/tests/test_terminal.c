/*
 * test_terminal - what does somebody who watches the demo see on the terminal, and is that afterwards as it was before?
 *
 * The demo runs as a program of its own on a pseudo terminal, see pty(7). What it writes is followed on a screen that knows
 * just the sequences that the demo uses; all others are a mistake.
 */
/* NOLINTNEXTLINE(bugprone-reserved-identifier, cert-dcl37-c, cert-dcl51-cpp) */
#define _XOPEN_SOURCE 700 /* declares nftw() */
#include "unit/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "net.h"
#include "player/memory.h"
#include "player/models.h"
#include "player/proc.h"
#include "player/text.h"
#include "unit/child.h"
#include "unit/must.h"
#include "unit/pty.h"

enum { PICTURES = 5 /* enough to look at */ };

/* Seconds. */
static const double patience = 20; /* for what must happen */
static const double still = 0.5; /* so long without a picture, and drawing is paused: it draws ten in a second */

/* ---- A screen ---- */

/* What is on it, and how far drawing has reached since the terminal got its present size. Rows and columns count from 1. */
struct screen {
    struct text picture; /* what is shown */
    int row, column; /* of what came last */
    int widest, lowest; /* the furthest column and row */
    int height; /* of the last picture that is complete */
    int pictures; /* so many are */
    bool is_second, hides_cursor, cuts_lines;
    struct text sequence; /* the beginning of one, from ESC on */
    struct text printed; /* on the first screen */
};

/* A picture begins at the top, and the one before it is complete. */
static void begin_picture(struct screen *screen)
{
    if (screen->row > 0)
        screen->pictures++;
    screen->height = screen->row;
    screen->row = 1;
    screen->column = 0;
    text_free(&screen->picture);
}

/* Returns false if it is none of the demo's. */
static bool take_sequence(struct screen *screen, const char *sequence)
{
    static const struct {
        const char *name;
        size_t mode; /* in struct screen */
        bool is_on;
    } modes[] = {
        {"\033[?1049h", offsetof(struct screen, is_second), true},
        {"\033[?1049l", offsetof(struct screen, is_second), false},
        {"\033[?25l", offsetof(struct screen, hides_cursor), true},
        {"\033[?25h", offsetof(struct screen, hides_cursor), false},
        {"\033[?7l", offsetof(struct screen, cuts_lines), true},
        {"\033[?7h", offsetof(struct screen, cuts_lines), false},
    };

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(sequence, modes[i].name) == 0) {
            *(bool *)((char *)screen + modes[i].mode) = modes[i].is_on;
            return true;
        }
    if (strcmp(sequence, "\033[H") == 0)
        begin_picture(screen);
    else if (strcmp(sequence, "\033[2J") != 0 && strcmp(sequence, "\033[K") != 0)
        return sequence[strlen(sequence) - 1] == 'm'; /* a colour */
    return true;
}

static void add_to_sequence(struct screen *screen, char c)
{
    text_add(&screen->sequence, "%c", c);
    if (screen->sequence.length < 3 || c < '@' || c > '~') /* ECMA-48 5.4: ESC [, parameters, a letter or the like */
        return;
    if (!take_sequence(screen, screen->sequence.chars))
        fail_msg("It wrote ESC %s, which is not one of its sequences.", screen->sequence.chars + 1);
    text_free(&screen->sequence);
}

/* A character takes one column; in UTF-8 the bytes after its first one begin with the bits 10. */
static void show(struct screen *screen, char c)
{
    text_add(&screen->picture, "%c", c);
    if (c == '\n') {
        screen->row++; /* also an empty one makes the terminal scroll */
        screen->column = 0;
    } else if ((c & 0xc0) != 0x80) {
        screen->column++;
    }
    if (screen->column > screen->widest)
        screen->widest = screen->column;
    if (screen->row > screen->lowest)
        screen->lowest = screen->row;
}

static void take(struct screen *screen, char c)
{
    if (c == '\033' || screen->sequence.length > 0)
        add_to_sequence(screen, c);
    else if (!screen->is_second)
        text_add(&screen->printed, "%c", c);
    else if (c != '\r')
        show(screen, c);
}

static bool shows(const struct screen *screen, const char *text)
{
    return screen->picture.length > 0 && strstr(screen->picture.chars, text) != NULL;
}

/* ---- A demo that runs ---- */

struct watched {
    int terminal; /* our end of it */
    int leash; /* a pipe: the demo and all that it starts have the other end; when that is closed, all of them are gone */
    pid_t pid;
    struct termios before; /* how the terminal was set */
    struct screen *screen;
};

static const char *demo; /* the program */
static char *folder; /* with links to what was built: the demo writes its files there */
static char *short_script, *long_script, *cast_script; /* paths in that folder; the last one names a model */

/* Becomes the demo that plays a script. */
static int be_the_demo(const char *script)
{
    execl(demo, "demo", "--build", folder, "--script", script, (char *)NULL);
    return 127;
}

/* The terminal becomes the one that controls the demo, so that Ctrl-C reaches it. */
static int be_the_demo_on(int terminal, const char *script)
{
    must(login_tty(terminal) == 0, "login_tty");
    must(setenv("TERM", "xterm-256color", 1) == 0 && setenv("LC_ALL", "C.UTF-8", 1) == 0, "setenv");
    return be_the_demo(script);
}

static void resize(const struct watched *watched, unsigned short columns, unsigned short rows)
{
    const struct winsize size = {.ws_col = columns, .ws_row = rows};

    must(ioctl(watched->terminal, TIOCSWINSZ, &size) == 0, "TIOCSWINSZ");
}

/* `*state` points to the path of a script, and becomes the demo that plays it; or NULL, without a terminal. */
static int start(void **state)
{
    char *const *script = *state;
    int terminal, other_end, leash[2];

    *state = NULL;
    if (openpty(&terminal, &other_end, NULL, NULL, NULL) == -1)
        return 0;
    struct watched *watched = memory_zeroed(1, sizeof *watched);
    *state = watched;
    watched->screen = memory_zeroed(1, sizeof *watched->screen);
    watched->terminal = terminal;
    must(tcgetattr(watched->terminal, &watched->before) == 0 && pipe(leash) == 0, "tcgetattr, pipe");
    must(fcntl(watched->terminal, F_SETFD, FD_CLOEXEC) == 0 && fcntl(leash[0], F_SETFD, FD_CLOEXEC) == 0, "fcntl");
    resize(watched, 80, 24);
    watched->pid = fork();
    must(watched->pid != -1, "fork");
    if (watched->pid == 0)
        _exit(be_the_demo_on(other_end, *script));
    close(other_end);
    close(leash[1]);
    watched->leash = leash[0];
    return 0;
}

static struct watched *watched_in(void **state)
{
    if (*state == NULL) {
        print_message("skipped: there is no terminal to be had\n");
        skip();
    }
    return *state;
}

static void press(const struct watched *watched, char key)
{
    must(write(watched->terminal, &key, 1) == 1, "write to the terminal");
}

/* Is there something to read, or the end, before `deadline` (of net_now())? */
static bool is_readable(int fd, double deadline)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    const double left = deadline - net_now();

    return left > 0 && poll(&readable, 1, (int)(left * 1000) + 1) == 1;
}

/* Follows what is written next. Returns false if nothing comes before the deadline, or at the end. */
static bool look(struct watched *watched, double deadline)
{
    char bytes[4096];

    if (!is_readable(watched->terminal, deadline))
        return false;
    const ssize_t n = read(watched->terminal, bytes, sizeof bytes); /* -1, EIO: nobody has it open any more */
    for (ssize_t i = 0; i < n; i++)
        take(watched->screen, bytes[i]);
    return n > 0;
}

static void wait_for(struct watched *watched, const char *text)
{
    const double deadline = net_now() + patience;

    while (!shows(watched->screen, text))
        if (!look(watched, deadline))
            fail_msg("\"%s\" must be on the screen, but it never came.", text);
}

static void wait_for_pictures(struct watched *watched)
{
    const int enough = watched->screen->pictures + PICTURES;
    const double deadline = net_now() + patience;

    while (watched->screen->pictures < enough)
        if (!look(watched, deadline))
            fail_msg("It must go on drawing, but the picture stands still.");
}

/* Waits for the end. Returns the exit status, or the signal that ended it, negative. */
static int end_of(struct watched *watched)
{
    const double deadline = net_now() + patience;
    int status = 0;

    while (look(watched, deadline))
        ;
    if (net_now() >= deadline)
        fail_msg("The demo must end now, but it goes on.");
    must(waitpid(watched->pid, &status, 0) == watched->pid, "waitpid");
    watched->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int finish(void **state)
{
    struct watched *watched = *state;

    if (watched == NULL)
        return 0;
    if (watched->pid > 0) {
        kill(watched->pid, SIGTERM);
        waitpid(watched->pid, NULL, 0);
    }
    close(watched->terminal);
    close(watched->leash);
    text_free(&watched->screen->picture);
    text_free(&watched->screen->sequence);
    text_free(&watched->screen->printed);
    free(watched->screen);
    free(watched);
    return 0;
}

/* ---- What is expected ---- */

static void assert_fits(const struct screen *screen, int columns, int rows)
{
    if (screen->widest > columns)
        fail_msg("The terminal has %d columns, but it drew in column %d, too.", columns, screen->widest);
    if (screen->lowest > rows)
        fail_msg("The terminal has %d rows, but it drew %d: all that is shown moves up.", rows, screen->lowest);
}

static void assert_everybody_gone(const struct watched *watched)
{
    if (!is_readable(watched->leash, net_now() + patience))
        fail_msg("The demo has ended, but something that it started has not: a server, or strace.");
}

static void assert_clean(const struct watched *watched)
{
    struct termios now;

    if (watched->screen->is_second)
        fail_msg("The demo has ended, but the terminal is still on its second screen (ESC [?1049l leaves it).");
    if (watched->screen->hides_cursor)
        fail_msg("The demo has ended, but the cursor is still hidden (ESC [?25h shows it).");
    if (watched->screen->cuts_lines)
        fail_msg("The demo has ended, but the terminal still cuts long lines off (ESC [?7h breaks them).");
    must(tcgetattr(watched->terminal, &now) == 0, "tcgetattr");
    if (now.c_lflag != watched->before.c_lflag || memcmp(now.c_cc, watched->before.c_cc, sizeof now.c_cc) != 0)
        fail_msg("The demo has ended, but what is typed is not shown, or Ctrl-Z does not stop a program: the terminal "
                 "is not set as before (tcsetattr).");
}

static void assert_end(struct watched *watched, int expected, const char *how)
{
    const int status = end_of(watched);

    assert_clean(watched);
    assert_everybody_gone(watched);
    if (status != expected)
        fail_msg("%s: the exit status must be %d, but it was %d. It printed:\n%s", how, expected, status,
                 watched->screen->printed.chars != NULL ? watched->screen->printed.chars : "");
}

/* ---- Tests ---- */

static void does_the_picture_fit(void **state)
{
    struct watched *watched = watched_in(state);

    wait_for(watched, "answered"); /* the legend: all kinds of rows are there */
    wait_for_pictures(watched);
    assert_fits(watched->screen, 80, 24);
    assert_int_equal(watched->screen->height, 24);
    assert_true(watched->screen->is_second && watched->screen->hides_cursor && watched->screen->cuts_lines);
}

static void what_if_the_terminal_gets_smaller(void **state)
{
    struct watched *watched = watched_in(state);

    wait_for(watched, "answered");
    resize(watched, 60, 20);
    const double deadline = net_now() + patience;
    while (watched->screen->height != 20) /* one for the old size may be on its way */
        if (!look(watched, deadline))
            fail_msg("The terminal has 20 rows now, but %d are drawn.", watched->screen->height);
    watched->screen->widest = watched->screen->lowest = 0;
    wait_for_pictures(watched);
    assert_fits(watched->screen, 60, 20);
}

static void does_space_pause_and_q_end_it(void **state)
{
    struct watched *watched = watched_in(state);

    wait_for(watched, "space: pause");
    press(watched, ' ');
    wait_for(watched, "space: go on");
    const int pictures = watched->screen->pictures;
    const double until = net_now() + still;
    while (look(watched, until))
        ;
    if (watched->screen->pictures > pictures + 1) /* one was on its way */
        fail_msg("Space must pause it, but it goes on drawing.");
    press(watched, ' ');
    wait_for(watched, "space: pause");
    wait_for_pictures(watched);
    press(watched, 'q');
    assert_end(watched, 0, "q ends it early");
    if (strstr(watched->screen->printed.chars, "cut short") == NULL)
        fail_msg("It was ended with q, and the table must say \"cut short\". It printed:\n%s",
                 watched->screen->printed.chars);
    if (strstr(watched->screen->printed.chars, "failed") != NULL)
        fail_msg("It was ended with q, and nobody has failed. It printed:\n%s", watched->screen->printed.chars);
}

static void does_ctrl_c_leave_a_clean_terminal(void **state)
{
    struct watched *watched = watched_in(state);

    wait_for(watched, "answered");
    press(watched, '\003');
    assert_end(watched, 128 + SIGINT, "Ctrl-C");
}

static void what_if_the_window_is_closed(void **state)
{
    struct watched *watched = watched_in(state);

    wait_for(watched, "answered");
    close(watched->terminal);
    watched->terminal = -1;
    assert_everybody_gone(watched);
}

static void is_it_clean_at_the_end_of_the_script(void **state)
{
    struct watched *watched = watched_in(state);

    assert_end(watched, 0, "the script is over");
    if (strstr(watched->screen->printed.chars, "replays it in a browser") == NULL)
        fail_msg("What came out must be printed when the terminal is as before. It printed:\n%s",
                 watched->screen->printed.chars);
}

/* Waits until it sits in write(), or has ended. */
static void wait_until_it_waits_for_room(const struct watched *watched)
{
    const double deadline = net_now() + patience;
    siginfo_t ended = {0};
    int fd;

    while (ended.si_pid == 0 && net_now() < deadline) {
        const char *call = proc_call(watched->pid, &fd);
        if (call != NULL && strcmp(call, "write") == 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 10L * 1000 * 1000}, NULL);
        must(waitid(P_PID, (id_t)watched->pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0, "waitid");
    }
}

/* Nobody reads until the terminal is full, and nothing of what is printed then may get lost. */
static void what_if_the_terminal_is_slow(void **state)
{
    struct watched *watched = watched_in(state);

    wait_for(watched, "answered");
    wait_until_it_waits_for_room(watched);
    assert_end(watched, 0, "the terminal was slow");
    if (strstr(watched->screen->printed.chars, "replays it in a browser") == NULL)
        fail_msg("All must be printed, however slow the terminal is. It printed:\n%s", watched->screen->printed.chars);
}

/* ---- Without a terminal ---- */

static int demo_without(const void *data)
{
    close(*(const int *)data);
    return be_the_demo(short_script);
}

static void what_if_something_standard_is_closed(void **state)
{
    static const char *const names[] = {"input", "output", "error"};
    static const int statuses[] = {0, 1, 0}; /* what came out could not be printed */

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        struct child child;
        child_run(&child, demo_without, &fd, NULL);
        if (child.status != statuses[fd])
            fail_msg("Without standard %s the exit status must be %d, but it was %d: %s", names[fd], statuses[fd],
                     child.status, child.err);
    }
}

static int demo_with(const void *data)
{
    execl(demo, "demo", "--build", folder, (const char *)data, (char *)NULL);
    return 127;
}

static const char usage[] =
    "usage: demo [--build DIR] [--script NAME|PATH] [--all] [--model NAME[:OPTION]...]... [--without-strace]\n";

static void assert_misuse(const char *option, const char *complaint)
{
    struct text expected = {0};
    struct child child;

    text_add(&expected, "%s%s", complaint, usage);
    child_run(&child, demo_with, option, NULL);
    assert_child(option, &child, 2, "", expected.chars);
    text_free(&expected);
}

static void what_if_an_option_is_wrong(void **state)
{
    assert_misuse("--model=nobody", "demo: there is no model nobody\n");
    assert_misuse("--model=nobody:-v", "demo: there is no model nobody:-v\n");
    assert_misuse("--model=", "demo: --model takes a value that is not empty\n");
    assert_misuse("--script=answers", "demo: this script is for clients, and the demo shows servers: answers\n");
    assert_misuse("class", "demo: it takes no arguments, but was given \"class\"\n");
}

static void does_it_explain_itself(void **state)
{
    struct child child;

    child_run(&child, demo_with, "--help", NULL);
    assert_child("--help", &child, 0, usage, "");
}

static int demo_with_options(const void *data)
{
    (void)data;
    execl(demo, "demo", "--build", folder, "--script", short_script, "--model", "01-blocking", "--model",
          "01-blocking:-v:-k5", "--model", "01-blocking:-x", "--without-strace", (char *)NULL);
    return 127;
}

/* What if a model stands beside itself, with other options? */
static void does_a_model_take_options(void **state)
{
    static const char *const parts[] = {"\n01-blocking  ", "\n01-blocking -v -k5  ", "\n01  Everybody was served ",
                                        "\n01  -v -k5: Everybody was served ",
                                        "\n01  -x: The server cannot be started: it exited with 2"};
    struct child child;

    child_run(&child, demo_with_options, NULL, NULL);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(child.output, parts[i]) == NULL)
            fail_msg("There must be \"%s\" in it:\n%s", parts[i], child.output);
}

/* `data`: one more option, or NULL. */
static int demo_of_a_cast(const void *data)
{
    execl(demo, "demo", "--build", folder, "--script", cast_script, "--without-strace", (const char *)data,
          (char *)NULL);
    return 127;
}

/* Which models play if nobody says so? Those that the script names; it is said who does not, and how to see them. */
static void does_it_begin_with_the_cast(void **state)
{
    struct child child;

    child_run(&child, demo_of_a_cast, NULL, NULL);
    if (strstr(child.output, "\n01-blocking  ") == NULL || strstr(child.output, "\n05-select  ") != NULL)
        fail_msg("01-blocking must play, and 05-select must not:\n%s", child.output);
    if (strstr(child.output, "Not shown: 02-fcntl-nonblock, ") == NULL || strstr(child.output, "MODELS=all") == NULL)
        fail_msg("It must say who does not play, and that MODELS=all shows all:\n%s", child.output);
    child_run(&child, demo_of_a_cast, "--all", NULL);
    if (strstr(child.output, "\n05-select  ") == NULL || strstr(child.output, "Not shown") != NULL)
        fail_msg("With --all, 05-select must play, too, and nobody must be missing:\n%s", child.output);
}

/* `data`: what LC_ALL is, or NULL: no locale is chosen at all. */
static int demo_in_locale(const void *data)
{
    must(unsetenv("LC_ALL") == 0 && unsetenv("LC_CTYPE") == 0 && unsetenv("LANG") == 0, "unsetenv");
    must(data == NULL || setenv("LC_ALL", data, 1) == 0, "setenv");
    execl(demo, "demo", "--build", folder, "--script", short_script, "--model", "01-blocking", "--without-strace",
          (char *)NULL);
    return 127;
}

/* What goes into a pipe is drawn with what the locale has, and with ASCII where that is not UTF-8. */
static void which_characters_does_it_draw_with(void **state)
{
    static const struct {
        const char *locale, *shows, *shows_not;
    } cases[] = {
        {"C.UTF-8", "\u25c6 answered", "# answered"}, {"C", "# answered", "\u25c6"}, {NULL, "# answered", "\u25c6"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct child child;
        child_run(&child, demo_in_locale, cases[i].locale, NULL);
        if (strstr(child.output, cases[i].shows) == NULL || strstr(child.output, cases[i].shows_not) != NULL)
            fail_msg("With LC_ALL=%s there must be \"%s\" in it, and no \"%s\":\n%s",
                     cases[i].locale != NULL ? cases[i].locale : "(not set)", cases[i].shows, cases[i].shows_not,
                     child.output);
    }
}

/* ---- The whole ---- */

/* The path of a file in the folder. */
static char *path_of(const char *name)
{
    struct text path = {0};

    text_add(&path, "%s/%s", folder, name);
    return text_take(&path);
}

static void write_script(const char *path, const char *silence, const char *models)
{
    FILE *file = fopen(path, "w");

    must(file != NULL, path);
    fprintf(file,
            "# watched: one is answered, and says no more.\n%s"
            "A connect\nA send \"hello\"\nA expect \"HELLO\"\nA wait %s\nA close\n",
            models, silence);
    must(fclose(file) == 0, path);
}

static void link_models(const char *build)
{
    struct models models;

    models_find(&models, build);
    for (size_t i = 0; i < models.count; i++) {
        char *link = path_of(models.items[i].name);
        struct text target = {0};
        text_add(&target, "%s/%s", build, models.items[i].name);
        must(symlink(target.chars, link) == 0, link);
        text_free(&target);
        free(link);
    }
    models_free(&models);
}

static void make_folder(const char *build)
{
    const char *temporary = getenv("TMPDIR");
    struct text path = {0};

    text_add(&path, "%s/io-models-XXXXXX", temporary != NULL && temporary[0] == '/' ? temporary : "/tmp");
    folder = text_take(&path);
    must(mkdtemp(folder) != NULL, folder);
    link_models(build);
    short_script = path_of("short.script");
    long_script = path_of("long.script");
    cast_script = path_of("cast.script");
    write_script(short_script, "300ms", "");
    write_script(long_script, "50s", "");
    write_script(cast_script, "300ms", "# models: 01\n");
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *where)
{
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_entry, 1, FTW_DEPTH | FTW_PHYS); /* the links, not what they lead to */
    free(short_script);
    free(long_script);
    free(cast_script);
    free(folder);
}

#define DEMO_TEST(script, test) cmocka_unit_test_prestate_setup_teardown(test, start, finish, script)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DEMO_TEST(&long_script, does_the_picture_fit),
        DEMO_TEST(&long_script, what_if_the_terminal_gets_smaller),
        DEMO_TEST(&long_script, does_space_pause_and_q_end_it),
        DEMO_TEST(&long_script, does_ctrl_c_leave_a_clean_terminal),
        DEMO_TEST(&long_script, what_if_the_window_is_closed),
        DEMO_TEST(&short_script, is_it_clean_at_the_end_of_the_script),
        DEMO_TEST(&short_script, what_if_the_terminal_is_slow),
        cmocka_unit_test(what_if_something_standard_is_closed),
        cmocka_unit_test(what_if_an_option_is_wrong),
        cmocka_unit_test(does_it_explain_itself),
        cmocka_unit_test(does_a_model_take_options),
        cmocka_unit_test(does_it_begin_with_the_cast),
        cmocka_unit_test(which_characters_does_it_draw_with),
    };
    const char *build_is = getenv("BUILD");
    struct text program = {0};

    unit_begin();
    char *build = realpath(build_is == NULL ? "build" : build_is, NULL);
    must(build != NULL, "build");
    text_add(&program, "%s/demo/demo", build);
    demo = program.chars;
    make_folder(build);
    const int failed = cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
    remove_folder();
    text_free(&program);
    free(build);
    return failed;
}
