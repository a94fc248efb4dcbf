/* Decoders and one encoder for still pictures, from memory to memory.
 *
 * libpng and libjpeg report errors by longjmp, which must not cross Swift frames: every setjmp is inside these
 * functions. A decoder is two calls: `ic_<type>_header` says how large the pixels are, `ic_<type>_decode` writes them
 * into the caller's buffer. The caller clears the buffer, so that nothing uninitialised can be read from it, and
 * drops it on error. Nothing here keeps state between calls; all functions may be called from any thread.
 */
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

enum { ic_message_capacity = 200 };

typedef enum ic_status {
    ic_ok = 0,
    ic_malformed,    /* damaged or contradictory data */
    ic_truncated,    /* the data ends before the picture does */
    ic_unsupported,  /* a valid file of a kind that is not read */
    ic_limit,        /* beyond a limit of ic_limits */
    ic_memory        /* an allocation failed */
} ic_status;

typedef struct ic_error {
    char message[ic_message_capacity]; /* the library's own words, NUL-terminated, printable ASCII */
} ic_error;

typedef struct ic_limits {
    uint32_t side;    /* largest width and height */
    uint64_t pixels;  /* largest width * height */
    uint32_t scans;   /* most scans of a progressive JPEG */
} ic_limits;

/* What the pixels written by ic_<type>_decode are; samples are interleaved, rows follow each other without padding. */
typedef enum ic_layout {
    ic_layout_l = 1,     /* grey, one byte */
    ic_layout_la = 2,    /* grey, alpha */
    ic_layout_rgb = 3,   /* red, green, blue */
    ic_layout_rgba = 4,  /* red, green, blue, alpha (not premultiplied) */
    ic_layout_cmyk = 5,  /* cyan, magenta, yellow, black; 255 is full ink */
    ic_layout_l16 = 6    /* grey, two bytes, low byte first */
} ic_layout;

typedef struct ic_header {
    uint32_t width;
    uint32_t height;
    ic_layout layout;
    uint32_t bytes_per_pixel;
} ic_header;

/* `size` is the length of `out` in bytes and must be width * height * bytes_per_pixel of the same data's header. */

ic_status ic_png_header(
    const uint8_t *data, size_t length, const ic_limits *limits, ic_header *header, ic_error *error);
ic_status ic_png_decode(
    const uint8_t *data, size_t length, const ic_limits *limits, uint8_t *out, size_t size, ic_error *error);

/* The text of the last tEXt, zTXt or iTXt chunk before the pixels whose keyword is `keyword`. Writes at most `capacity`
 * bytes and their number to `*count`, which is 0 where there is no such chunk or its text is longer. */
ic_status ic_png_text(
    const uint8_t *data, size_t length, const ic_limits *limits, const char *keyword, uint8_t *out, size_t capacity,
    size_t *count, ic_error *error);

ic_status ic_jpeg_header(
    const uint8_t *data, size_t length, const ic_limits *limits, ic_header *header, ic_error *error);
ic_status ic_jpeg_decode(
    const uint8_t *data, size_t length, const ic_limits *limits, uint8_t *out, size_t size, ic_error *error);

/* A still WebP file, or the chunks of one frame of an animation (ALPH and VP8, or VP8L). */
ic_status ic_webp_header(
    const uint8_t *data, size_t length, const ic_limits *limits, ic_header *header, ic_error *error);
ic_status ic_webp_decode(
    const uint8_t *data, size_t length, const ic_limits *limits, uint8_t *out, size_t size, ic_error *error);

/* A text that a PNG carries before its pixels: a keyword of 1 to 79 bytes of Latin-1, and UTF-8, both ended by 0. */
typedef struct ic_png_note {
    const char *keyword;
    const char *text;
} ic_png_note;

/* Writes an 8-bit PNG with one (grey) or three (RGB) channels and `count` texts, in ASCII as tEXt, others as iTXt. The
 * same pixels and texts give the same bytes for one version of libpng and zlib. On success `*out` is owned by the
 * caller, who frees it with ic_free. */
ic_status ic_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, const ic_png_note *notes, uint32_t count,
    uint8_t **out, size_t *length, ic_error *error);

/* The CRC that ends a PNG chunk, of its type and data. */
uint32_t ic_png_crc(const uint8_t *bytes, size_t length);
void ic_free(void *memory);

/* Versions: of libpng and libwebp as loaded (libwebp's as 0xMMmmrr), of libjpeg-turbo as compiled against, since it
 * does not tell. */
const char *ic_png_version(void);
const char *ic_jpeg_version(void);
uint32_t ic_webp_version(void);

/* Resampling with the fixed-point arithmetic of Pillow's 8-bit resize (Resample.c):
 *     out = clip8((1 << 21) + sum over t < count[i] of weights[i * stride + t] * in[first[i] + t], shifted right by 22)
 * Sums are modulo 2^32. The two passes differ in the axis that `first` indexes. */
typedef struct ic_taps {
    uint32_t outputs;        /* samples made along the axis */
    uint32_t stride;         /* weights kept for each output: even, >= every count; those from count on are 0 */
    const uint32_t *first;   /* [outputs] */
    const uint32_t *count;   /* [outputs] */
    const int32_t *weights;  /* [outputs * stride], each within +-2^26 */
    const int16_t *halves;   /* [outputs * stride * 2]: for taps t, t + 1 (t even) the four values
                                w[t] & 4095, w[t + 1] & 4095, w[t] >> 12, w[t + 1] >> 12 */
} ic_taps;

/* One row: `in` has `width` pixels of `channels` (1..4) interleaved bytes, `out` gets taps->outputs pixels.
 * Requires first[i] + count[i] <= width. */
void ic_resample_row(uint8_t *out, const uint8_t *in, uint32_t width, uint32_t channels, const ic_taps *taps);

/* One output row `index` of the vertical pass over `in`, rows of `row_bytes` bytes each.
 * Requires first[index] + count[index] <= the rows of `in`. */
void ic_resample_column(uint8_t *out, const uint8_t *in, size_t row_bytes, const ic_taps *taps, uint32_t index);

#endif
