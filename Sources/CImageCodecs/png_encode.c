/* PNG writer: 8-bit grey or RGB, fixed settings, no ancillary chunks but texts. */
#include "internal.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef struct writer {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
    ic_status status;
    ic_error *error;
    jmp_buf escape;
} writer;

static void on_error(png_structp png, png_const_charp message) {
    writer *w = png_get_error_ptr(png);
    if (w->status == ic_ok) {
        w->status = ic_malformed;
        ic_set_message(w->error, message);
    }
    longjmp(w->escape, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void on_write(png_structp png, png_bytep bytes, size_t count) {
    writer *w = png_get_io_ptr(png);
    if (count > w->capacity - w->length) {
        size_t capacity = w->capacity * 2 + count;
        uint8_t *grown = realloc(w->bytes, capacity);
        if (grown == NULL) {
            w->status = ic_memory;
            ic_set_message(w->error, "out of memory");
            longjmp(w->escape, 1);
        }
        w->bytes = grown;
        w->capacity = capacity;
    }
    memcpy(w->bytes + w->length, bytes, count);
    w->length += count;
}

static void on_flush(png_structp png) { (void)png; }

static void add_notes(png_structp png, png_infop info, const ic_png_note *notes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        int ascii = 1;
        for (const char *c = notes[i].text; *c != 0; c++) ascii &= (unsigned char)*c < 0x80;
        /* libpng copies both strings; its fields are not const. */
        png_text text = {
            .compression = ascii ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE,
            .key = (png_charp)(uintptr_t)notes[i].keyword,
            .text = (png_charp)(uintptr_t)notes[i].text,
            .text_length = strlen(notes[i].text),
        };
        png_set_text(png, info, &text, 1);
    }
}

uint32_t ic_png_crc(const uint8_t *bytes, size_t length) { return (uint32_t)crc32_z(0, bytes, length); }

ic_status ic_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, const ic_png_note *notes, uint32_t count,
    uint8_t **out, size_t *length, ic_error *error) {
    writer w = {.bytes = NULL, .length = 0, .capacity = 0, .status = ic_ok, .error = error};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
    png_infop info = png == NULL ? NULL : png_create_info_struct(png);
    if (info == NULL) {
        png_destroy_write_struct(&png, NULL);
        ic_set_message(error, "out of memory");
        return ic_memory;
    }
    if (setjmp(w.escape) == 0) {
        png_set_write_fn(png, &w, on_write, on_flush);
        png_set_IHDR(
            png, info, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
            PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
        png_set_compression_level(png, 6);
        png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_ALL_FILTERS);
        add_notes(png, info, notes, count);
        png_write_info(png, info);
        for (uint32_t y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * width * channels);
        png_write_end(png, info);
    }
    png_destroy_write_struct(&png, &info);
    if (w.status != ic_ok) {
        free(w.bytes);
        return w.status;
    }
    *out = w.bytes;
    *length = w.length;
    return ic_ok;
}
