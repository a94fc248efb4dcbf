/* JPEG through libjpeg-turbo, with the settings Pillow uses: accurate integer DCT, smooth chroma upsampling. */
#include "internal.h"

#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>
#include <setjmp.h>
#include <string.h>

/* Working memory of libjpeg: the coefficients of a progressive picture take up to 6 bytes a pixel. */
#define MEMORY_LIMIT (768L * 1024 * 1024)
/* Pictures may always have this many scans; beyond it, scans times pixels are bounded. */
#define SCANS_ALWAYS_ALLOWED 20
#define SCAN_PIXELS 2000000000.0

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    struct jpeg_source_mgr source;
    const ic_limits *limits;
    ic_status status;
    ic_error *error;
    jmp_buf escape;
} decoder;

static void fail(decoder *d, ic_status status, const char *message) {
    d->status = status;
    ic_set_message(d->error, message);
    longjmp(d->escape, 1);
}

static void on_error(j_common_ptr common) {
    decoder *d = common->client_data;
    char message[JMSG_LENGTH_MAX];
    (*common->err->format_message)(common, message);
    switch (common->err->msg_code) {
        case JERR_OUT_OF_MEMORY:
            fail(d, ic_memory, "out of memory");
            break;
        case JERR_NO_BACKING_STORE:
            fail(d, ic_limit, "decoding would take more than 768 MiB of working memory");
            break;
        case JERR_BAD_PRECISION:
        case JERR_SOF_UNSUPPORTED:
        case JERR_ARITH_NOTIMPL:
        case JERR_CONVERSION_NOTIMPL:
        case JERR_CCIR601_NOTIMPL:
        case JERR_FRACT_SAMPLE_NOTIMPL:
            fail(d, ic_unsupported, message);
            break;
        default:
            fail(d, ic_malformed, message);
    }
}

/* A warning means that libjpeg has invented pixels, which is an error here. Four do not touch pixels: an unknown
 * Adobe transform code, a newer JFIF version, a baseline scan header whose unused fields are wrong, and bytes skipped
 * before a marker (padding that many cameras write). */
static void on_message(j_common_ptr common, int level) {
    if (level >= 0) return;
    switch (common->err->msg_code) {
        case JWRN_ADOBE_XFORM:
        case JWRN_JFIF_MAJOR:
        case JWRN_NOT_SEQUENTIAL:
        case JWRN_EXTRANEOUS_DATA:
            return;
        default:
            on_error(common);
    }
}

static void on_output(j_common_ptr common) { (void)common; }

static void on_progress(j_common_ptr common) {
    decoder *d = common->client_data;
    int scan = d->jpeg.input_scan_number;
    double pixels = (double)d->jpeg.image_width * d->jpeg.image_height;
    if (scan > (int)d->limits->scans) fail(d, ic_limit, "more scans than are read");
    if (scan > SCANS_ALWAYS_ALLOWED && scan * pixels > SCAN_PIXELS) {
        fail(d, ic_limit, "more scans than are read of a picture of this size");
    }
}

static void on_start(j_decompress_ptr jpeg) { (void)jpeg; }

/* All bytes are in the buffer from the start: a request for more means that the file ends too early. */
static boolean on_fill(j_decompress_ptr jpeg) {
    fail(jpeg->client_data, ic_truncated, "the file ends too early");
    return FALSE;
}

static void on_skip(j_decompress_ptr jpeg, long count) {
    if (count <= 0) return;
    if ((size_t)count > jpeg->src->bytes_in_buffer) on_fill(jpeg);
    jpeg->src->next_input_byte += count;
    jpeg->src->bytes_in_buffer -= (size_t)count;
}

/* Restart markers: Pillow and libjpeg resynchronise by dropping data; here it is an error. */
static boolean on_resync(j_decompress_ptr jpeg, int desired) {
    (void)desired;
    fail(jpeg->client_data, ic_malformed, "a restart marker is missing");
    return FALSE;
}

static void start(decoder *d, const uint8_t *data, size_t length, const ic_limits *limits, ic_error *error) {
    memset(d, 0, sizeof *d);
    d->limits = limits;
    d->error = error;
    d->jpeg.err = jpeg_std_error(&d->errors);
    d->jpeg.client_data = d;
    d->errors.error_exit = on_error;
    d->errors.emit_message = on_message;
    d->errors.output_message = on_output;
    d->progress.progress_monitor = on_progress;
    d->source.next_input_byte = data;
    d->source.bytes_in_buffer = length;
    d->source.init_source = on_start;
    d->source.fill_input_buffer = on_fill;
    d->source.skip_input_data = on_skip;
    d->source.resync_to_restart = on_resync;
    d->source.term_source = on_start;
}

/* Reads up to the first scan and fixes the pixels' layout. */
static ic_status read_header(decoder *d, ic_header *header) {
    jpeg_create_decompress(&d->jpeg);
    d->jpeg.src = &d->source;
    d->jpeg.progress = &d->progress;
    d->jpeg.mem->max_memory_to_use = MEMORY_LIMIT;
    jpeg_read_header(&d->jpeg, TRUE);
    header->width = d->jpeg.image_width;
    header->height = d->jpeg.image_height;
    switch (d->jpeg.num_components) {
        case 1:
            d->jpeg.out_color_space = JCS_GRAYSCALE;
            header->layout = ic_layout_l;
            header->bytes_per_pixel = 1;
            break;
        case 3:
            d->jpeg.out_color_space = JCS_RGB;
            header->layout = ic_layout_rgb;
            header->bytes_per_pixel = 3;
            break;
        case 4:
            d->jpeg.out_color_space = JCS_CMYK;
            header->layout = ic_layout_cmyk;
            header->bytes_per_pixel = 4;
            break;
        default:
            ic_set_message(d->error, "a JPEG has 1, 3 or 4 components");
            return ic_unsupported;
    }
    d->jpeg.dct_method = JDCT_ISLOW;
    d->jpeg.do_fancy_upsampling = TRUE;
    return ic_check_size(header->width, header->height, d->limits, d->error);
}

/* Files with four components hold inverted inks (Adobe's convention), which Pillow assumes of every such file. */
static void invert(uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)(255 - bytes[i]);
}

ic_status ic_jpeg_header(
    const uint8_t *data, size_t length, const ic_limits *limits, ic_header *header, ic_error *error) {
    decoder d;
    start(&d, data, length, limits, error);
    if (setjmp(d.escape) == 0) d.status = read_header(&d, header);
    jpeg_destroy_decompress(&d.jpeg);
    return d.status;
}

ic_status ic_jpeg_decode(
    const uint8_t *data, size_t length, const ic_limits *limits, uint8_t *out, size_t size, ic_error *error) {
    decoder d;
    ic_header header = {0};
    start(&d, data, length, limits, error);
    if (setjmp(d.escape) == 0) {
        ic_status status = read_header(&d, &header);
        if (status == ic_ok) status = ic_check_buffer(&header, size, error);
        if (status == ic_ok) {
            jpeg_start_decompress(&d.jpeg);
            if ((uint32_t)d.jpeg.output_components != header.bytes_per_pixel) {
                fail(&d, ic_malformed, "unexpected number of components");
            }
            size_t row_bytes = (size_t)header.width * header.bytes_per_pixel;
            while (d.jpeg.output_scanline < d.jpeg.output_height) {
                JSAMPROW row = out + d.jpeg.output_scanline * row_bytes;
                jpeg_read_scanlines(&d.jpeg, &row, 1);
            }
            jpeg_finish_decompress(&d.jpeg);
            if (header.layout == ic_layout_cmyk) invert(out, size);
        }
        d.status = status;
    }
    jpeg_destroy_decompress(&d.jpeg);
    return d.status;
}
