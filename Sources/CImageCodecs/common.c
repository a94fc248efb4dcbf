#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void ic_set_message(ic_error *error, const char *text) {
    size_t i = 0;
    for (; text[i] != '\0' && i + 1 < (size_t)ic_message_capacity; i++) {
        unsigned char c = (unsigned char)text[i];
        error->message[i] = (c >= 0x20 && c < 0x7F) ? (char)c : '?';
    }
    error->message[i] = '\0';
}

ic_status ic_check_size(uint64_t width, uint64_t height, const ic_limits *limits, ic_error *error) {
    char text[ic_message_capacity];
    if (width == 0 || height == 0) {
        ic_set_message(error, "width and height must be at least 1");
        return ic_malformed;
    }
    if (width > limits->side || height > limits->side) {
        snprintf(
            text, sizeof text, "%" PRIu64 " x %" PRIu64 " pixels; a side may have at most %" PRIu32, width, height,
            limits->side);
        ic_set_message(error, text);
        return ic_limit;
    }
    if (width * height > limits->pixels) {
        snprintf(
            text, sizeof text, "%" PRIu64 " x %" PRIu64 " pixels; at most %" PRIu64 " are read", width, height,
            limits->pixels);
        ic_set_message(error, text);
        return ic_limit;
    }
    return ic_ok;
}

ic_status ic_check_buffer(const ic_header *header, size_t size, ic_error *error) {
    uint64_t need = (uint64_t)header->width * header->height * header->bytes_per_pixel;
    if (need != size) {
        ic_set_message(error, "the buffer's size is not the picture's");
        return ic_malformed;
    }
    return ic_ok;
}

void ic_free(void *memory) { free(memory); }
