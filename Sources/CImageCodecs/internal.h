#ifndef IC_INTERNAL_H
#define IC_INTERNAL_H

#include "cimagecodecs.h"

#include <stddef.h>
#include <stdint.h>

/* Copies `text` into `error`; bytes outside printable ASCII become '?', since they come from the file. */
void ic_set_message(ic_error *error, const char *text);

/* ic_ok, or ic_limit with a message. */
ic_status ic_check_size(uint64_t width, uint64_t height, const ic_limits *limits, ic_error *error);

/* ic_ok where `size` is what `header` needs. */
ic_status ic_check_buffer(const ic_header *header, size_t size, ic_error *error);

#endif
