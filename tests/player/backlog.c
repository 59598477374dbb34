/* backlog - see backlog.h */
#include "backlog.h"

#ifdef __linux__

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* The question that ss(8) asks, see sock_diag(7), for a single socket. */
struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 socket;
};

struct answer {
    struct nlmsghdr header;
    struct inet_diag_msg socket; /* attributes follow, which are cut off */
};

static struct question question_about(const struct sockaddr *address)
{
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)address;
    struct question question = {
        .header = {.nlmsg_len = sizeof question, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
        .socket = {.sdiag_family = (uint8_t)address->sa_family,
                   .sdiag_protocol = IPPROTO_TCP,
                   .id = {.idiag_sport = ipv4->sin_port, /* IPv6 has it at the same place */
                          .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}}};

    if (address->sa_family == AF_INET6)
        memcpy(question.socket.id.idiag_src, &ipv6->sin6_addr, sizeof ipv6->sin6_addr);
    else
        memcpy(question.socket.id.idiag_src, &ipv4->sin_addr, sizeof ipv4->sin_addr);
    return question;
}

/* The kernel answers while it takes the question. */
static struct answer ask(const struct question *question)
{
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    struct answer answer = {0};

    if (fd == -1)
        return answer;
    if (send(fd, question, sizeof *question, 0) != -1)
        (void)recv(fd, &answer, sizeof answer, MSG_DONTWAIT);
    close(fd);
    return answer;
}

bool backlog_look(const struct sockaddr *address, struct backlog *backlog)
{
    const struct question question = question_about(address);
    const struct answer answer = ask(&question);

    *backlog = (struct backlog){.waiting = answer.socket.idiag_rqueue, .limit = answer.socket.idiag_wqueue};
    return answer.header.nlmsg_type == SOCK_DIAG_BY_FAMILY;
}

#else

bool backlog_look(const struct sockaddr *address, struct backlog *backlog)
{
    (void)address;
    *backlog = (struct backlog){0};
    return false;
}

#endif
