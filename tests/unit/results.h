/* results - what can be expected of a call that moves bytes. */
#ifndef RESULTS_H
#define RESULTS_H

#include "io_status.h"

static inline struct io_result success_of(size_t bytes)
{
    return (struct io_result){.status = IO_SUCCESS, .bytes = bytes};
}

static inline struct io_result only(enum io_status status)
{
    return (struct io_result){.status = status};
}

static inline struct io_result error_of(int error)
{
    return (struct io_result){.status = IO_ERROR, .error = error};
}

#endif
