/* call_name - see call_name.h */
#include "call_name.h"

#include <stdlib.h>
#include <string.h>

#include "player/memory.h"
#include "player/text.h"

/* What a server's lane is about. All other calls are housekeeping. */
static const struct known_call {
    const char *kernel, *name;
    bool has_fd; /* as its first argument, and it says whom the call is for */
} names[] = {
    {"accept", "accept", true},
    {"accept4", "accept", true},
    {"recvfrom", "recv", true},
    {"recvmsg", "recvmsg", true},
    {"sendto", "send", true},
    {"sendmsg", "sendmsg", true},
    {"read", "read", true},
    {"readv", "readv", true},
    {"write", "write", true},
    {"writev", "writev", true},
    {"close", "close", true},
    {"shutdown", "shutdown", true},
    {"select", "select", false},
    {"_newselect", "select", false},
    {"pselect6", "select", false},
    {"poll", "poll", false},
    {"ppoll", "poll", false},
    {"epoll_wait", "epoll_wait", false},
    {"epoll_pwait", "epoll_wait", false},
    {"epoll_pwait2", "epoll_wait", false},
    {"nanosleep", "nanosleep", false},
    {"clock_nanosleep", "nanosleep", false},
    {"io_uring_enter", "io_uring_enter", false},
    {"futex", "futex", false},
    {"wait4", "waitpid", false},
    {"rt_sigtimedwait", "sigtimedwait", false},
};

enum { NAME_COUNT = sizeof names / sizeof names[0] };

/* Is `word` what `text` begins with, all `length` characters of it? */
static bool is_same(const char *word, const char *text, size_t length)
{
    return strncmp(word, text, length) == 0 && word[length] == '\0';
}

/* A copy that the record owns, one for each name. */
static const char *keep_name(struct record *record, const char *text, size_t length)
{
    for (size_t i = 0; i < record->call_name_count; i++)
        if (is_same(record->call_names[i], text, length))
            return record->call_names[i];
    char *name = memory_zeroed(length + 1, 1);
    memcpy(name, text, length);
    record->call_names = memory_grown(record->call_names, record->call_name_count, sizeof(char *));
    record->call_names[record->call_name_count++] = name;
    return name;
}

const char *call_name(struct record *record, const char *name, size_t length)
{
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (is_same(names[i].kernel, name, length))
            return names[i].name;
    return keep_name(record, name, length);
}

/* NULL: it is not in the list. `name` is of call_name(). */
static const struct known_call *find_known(const char *name)
{
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (name == names[i].name)
            return &names[i];
    return NULL;
}

bool call_is_housekeeping(const char *name)
{
    return find_known(name) == NULL && strchr(name, ',') == NULL;
}

bool call_has_fd(const char *name)
{
    const struct known_call *known = find_known(name);

    return known != NULL && known->has_fd;
}

/* Is `name` one of those in "recv, send"? */
static bool is_among(const char *list, const char *name)
{
    const size_t length = strlen(name);

    for (const char *at = strstr(list, name); at != NULL; at = strstr(at + 1, name)) {
        const bool begins = at == list || at[-1] == ' ';
        if (begins && (at[length] == '\0' || at[length] == ','))
            return true;
    }
    return false;
}

const char *call_name_folded(struct record *record, const char *before, const char *name)
{
    if (is_among(before, name) || call_is_housekeeping(name))
        return before;
    if (call_is_housekeeping(before))
        return name;
    struct text both = {0};
    text_add(&both, "%s, %s", before, name);
    const char *kept = keep_name(record, both.chars, both.length);
    text_free(&both);
    return kept;
}

bool call_is_a_wait(const char *name)
{
    return strcmp(name, CALL_SPINS) != 0 && strcmp(name, CALL_WORKS) != 0 && strchr(name, ',') == NULL;
}
