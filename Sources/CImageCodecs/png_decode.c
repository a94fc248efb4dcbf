/* PNG through libpng's row interface with fixed transformations; never the simplified interface. */
#include "internal.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const uint8_t *data;
    size_t length;
    size_t offset;
    ic_status status;
    ic_error *error;
    jmp_buf escape;
} reader;

static void on_error(png_structp png, png_const_charp message) {
    reader *r = png_get_error_ptr(png);
    if (r->status == ic_ok) {
        r->status = ic_malformed;
        ic_set_message(r->error, message);
    }
    longjmp(r->escape, 1);
}

/* libpng warns about what it has repaired or skipped in chunks that do not change pixels. */
static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void on_read(png_structp png, png_bytep out, size_t count) {
    reader *r = png_get_io_ptr(png);
    if (count > r->length - r->offset) {
        r->status = ic_truncated;
        ic_set_message(r->error, "the file ends too early");
        longjmp(r->escape, 1);
    }
    memcpy(out, r->data + r->offset, count);
    r->offset += count;
}

/* Chunks that do not change what Pillow's convert("RGB") gives: transparency, colour management and text. */
static const png_byte ignored_chunks[] = {
    't', 'R', 'N', 'S', 0, 'b', 'K', 'G', 'D', 0, 'c', 'H', 'R', 'M', 0, 'e', 'X', 'I', 'f', 0, 'g', 'A', 'M', 'A', 0,
    'h', 'I', 'S', 'T', 0, 'i', 'C', 'C', 'P', 0, 'i', 'T', 'X', 't', 0, 'o', 'F', 'F', 's', 0, 'p', 'C', 'A', 'L', 0,
    'p', 'H', 'Y', 's', 0, 's', 'B', 'I', 'T', 0, 's', 'C', 'A', 'L', 0, 's', 'P', 'L', 'T', 0, 's', 'R', 'G', 'B', 0,
    's', 'T', 'E', 'R', 0, 't', 'E', 'X', 't', 0, 't', 'I', 'M', 'E', 0, 'z', 'T', 'X', 't', 0};

static const png_byte text_chunks[] = {'i', 'T', 'X', 't', 0, 't', 'E', 'X', 't', 0, 'z', 'T', 'X', 't', 0};

/* Texts are read only where they are asked for; then at most 32 of them, unpacked to 512 KiB each. */
static void configure(png_structp png, reader *r, const ic_limits *limits, int with_texts) {
    png_set_read_fn(png, r, on_read);
    png_set_user_limits(png, limits->side, limits->side);
    png_set_chunk_cache_max(png, 32);
    png_set_chunk_malloc_max(png, 1 << 19);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_keep_unknown_chunks(
        png, PNG_HANDLE_CHUNK_NEVER, ignored_chunks, (int)(sizeof ignored_chunks / 5));
    if (with_texts) {
        png_set_keep_unknown_chunks(
            png, PNG_HANDLE_CHUNK_AS_DEFAULT, text_chunks, (int)(sizeof text_chunks / 5));
    }
}

static void copy_text(
    png_structp png, png_infop info, const char *keyword, uint8_t *out, size_t capacity, size_t *count) {
    png_textp texts = NULL;
    int number = 0;
    png_get_text(png, info, &texts, &number);
    for (int i = 0; i < number; i++) {
        if (strcmp(texts[i].key, keyword) != 0) continue;
        /* iTXt chunks have their length in another field. */
        size_t size = texts[i].compression > 0 ? texts[i].itxt_length : texts[i].text_length;
        *count = size <= capacity ? size : 0;
        if (*count > 0) memcpy(out, texts[i].text, size);
    }
}

/* The pixels that `read_pixels` makes of the picture `info` describes. */
static ic_status describe(
    png_structp png, png_infop info, const ic_limits *limits, ic_header *header, ic_error *error) {
    header->width = png_get_image_width(png, info);
    header->height = png_get_image_height(png, info);
    ic_status status = ic_check_size(header->width, header->height, limits, error);
    if (status != ic_ok) return status;
    switch (png_get_color_type(png, info)) {
        case PNG_COLOR_TYPE_GRAY:
            if (png_get_bit_depth(png, info) == 16) {
                header->layout = ic_layout_l16;
                header->bytes_per_pixel = 2;
            } else {
                header->layout = ic_layout_l;
                header->bytes_per_pixel = 1;
            }
            return ic_ok;
        case PNG_COLOR_TYPE_GRAY_ALPHA:
            header->layout = ic_layout_la;
            header->bytes_per_pixel = 2;
            return ic_ok;
        case PNG_COLOR_TYPE_PALETTE:
        case PNG_COLOR_TYPE_RGB:
            header->layout = ic_layout_rgb;
            header->bytes_per_pixel = 3;
            return ic_ok;
        case PNG_COLOR_TYPE_RGB_ALPHA:
            header->layout = ic_layout_rgba;
            header->bytes_per_pixel = 4;
            return ic_ok;
        default:
            ic_set_message(error, "unknown colour type");
            return ic_malformed;
    }
}

/* Entries beyond the file's palette are black, as in Pillow. */
static void copy_palette(png_structp png, png_infop info, uint8_t palette[256 * 3]) {
    png_colorp colours = NULL;
    int count = 0;
    memset(palette, 0, 256 * 3);
    if (png_get_PLTE(png, info, &colours, &count) == 0) png_error(png, "palette picture without a palette");
    for (int i = 0; i < count && i < 256; i++) {
        palette[3 * i] = colours[i].red;
        palette[3 * i + 1] = colours[i].green;
        palette[3 * i + 2] = colours[i].blue;
    }
}

/* Reads all rows. A palette picture is read as indices into the last third of each row, then expanded in place from
 * the left: pixel x is written at 3x..3x+2 and its index is read at 2*width + x >= 3x. */
static void read_pixels(png_structp png, png_infop info, const ic_header *header, uint8_t *out) {
    int colour = png_get_color_type(png, info);
    int is_palette = colour == PNG_COLOR_TYPE_PALETTE;
    size_t row_bytes = (size_t)header->width * header->bytes_per_pixel;
    size_t inset = is_palette ? 2 * (size_t)header->width : 0;
    uint8_t palette[256 * 3];

    if (is_palette) copy_palette(png, info, palette);
    png_set_packing(png);
    if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_bit_depth(png, info) == 16) {
        if (header->layout == ic_layout_l16) {
            png_set_swap(png);
        } else {
            png_set_strip_16(png);
        }
    }
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != row_bytes - inset) png_error(png, "unexpected row size");
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < header->height; y++) png_read_row(png, out + y * row_bytes + inset, NULL);
    }
    png_read_end(png, NULL);
    if (!is_palette) return;
    for (uint32_t y = 0; y < header->height; y++) {
        uint8_t *row = out + y * row_bytes;
        for (size_t x = 0; x < header->width; x++) {
            const uint8_t *colour_bytes = palette + 3 * (size_t)row[inset + x];
            row[3 * x] = colour_bytes[0];
            row[3 * x + 1] = colour_bytes[1];
            row[3 * x + 2] = colour_bytes[2];
        }
    }
}

/* Both calls: with `out` NULL only the header is read. */
static ic_status run(
    const uint8_t *data, size_t length, const ic_limits *limits, ic_header *header, uint8_t *out, size_t size,
    ic_error *error) {
    reader r = {.data = data, .length = length, .offset = 0, .status = ic_ok, .error = error};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
    png_infop info = png == NULL ? NULL : png_create_info_struct(png);
    if (info == NULL) {
        png_destroy_read_struct(&png, NULL, NULL);
        ic_set_message(error, "out of memory");
        return ic_memory;
    }
    if (setjmp(r.escape) == 0) {
        configure(png, &r, limits, 0);
        png_read_info(png, info);
        ic_status status = describe(png, info, limits, header, error);
        if (status == ic_ok && out != NULL) {
            status = ic_check_buffer(header, size, error);
            if (status == ic_ok) read_pixels(png, info, header, out);
        }
        r.status = status;
    }
    png_destroy_read_struct(&png, &info, NULL);
    return r.status;
}

ic_status ic_png_header(
    const uint8_t *data, size_t length, const ic_limits *limits, ic_header *header, ic_error *error) {
    return run(data, length, limits, header, NULL, 0, error);
}

ic_status ic_png_decode(
    const uint8_t *data, size_t length, const ic_limits *limits, uint8_t *out, size_t size, ic_error *error) {
    ic_header header = {0};
    return run(data, length, limits, &header, out, size, error);
}

ic_status ic_png_text(
    const uint8_t *data, size_t length, const ic_limits *limits, const char *keyword, uint8_t *out, size_t capacity,
    size_t *count, ic_error *error) {
    reader r = {.data = data, .length = length, .offset = 0, .status = ic_ok, .error = error};
    *count = 0;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
    png_infop info = png == NULL ? NULL : png_create_info_struct(png);
    if (info == NULL) {
        png_destroy_read_struct(&png, NULL, NULL);
        ic_set_message(error, "out of memory");
        return ic_memory;
    }
    if (setjmp(r.escape) == 0) {
        configure(png, &r, limits, 1);
        png_read_info(png, info);
        copy_text(png, info, keyword, out, capacity, count);
    }
    png_destroy_read_struct(&png, &info, NULL);
    return r.status;
}
