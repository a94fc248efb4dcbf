/* WebP through libwebp's simple interface. */
#include "internal.h"

#include <webp/decode.h>

static ic_status translate(VP8StatusCode code, ic_error *error) {
    switch (code) {
        case VP8_STATUS_OK:
            return ic_ok;
        case VP8_STATUS_OUT_OF_MEMORY:
            ic_set_message(error, "out of memory");
            return ic_memory;
        case VP8_STATUS_UNSUPPORTED_FEATURE:
            ic_set_message(error, "a feature that libwebp does not read");
            return ic_unsupported;
        case VP8_STATUS_SUSPENDED:
        case VP8_STATUS_NOT_ENOUGH_DATA:
            ic_set_message(error, "the file ends too early");
            return ic_truncated;
        default:
            ic_set_message(error, "the bitstream is damaged");
            return ic_malformed;
    }
}

ic_status ic_webp_header(
    const uint8_t *data, size_t length, const ic_limits *limits, ic_header *header, ic_error *error) {
    WebPBitstreamFeatures features;
    ic_status status = translate(WebPGetFeatures(data, length, &features), error);
    if (status != ic_ok) return status;
    if (features.width < 0 || features.height < 0) {
        ic_set_message(error, "negative size");
        return ic_malformed;
    }
    header->width = (uint32_t)features.width;
    header->height = (uint32_t)features.height;
    header->layout = features.has_alpha ? ic_layout_rgba : ic_layout_rgb;
    header->bytes_per_pixel = features.has_alpha ? 4 : 3;
    return ic_check_size(header->width, header->height, limits, error);
}

ic_status ic_webp_decode(
    const uint8_t *data, size_t length, const ic_limits *limits, uint8_t *out, size_t size, ic_error *error) {
    ic_header header = {0};
    ic_status status = ic_webp_header(data, length, limits, &header, error);
    if (status == ic_ok) status = ic_check_buffer(&header, size, error);
    if (status != ic_ok) return status;
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) {
        ic_set_message(error, "libwebp has another version than its headers");
        return ic_unsupported;
    }
    config.output.colorspace = header.layout == ic_layout_rgba ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = out;
    config.output.u.RGBA.stride = (int)(header.width * header.bytes_per_pixel);
    config.output.u.RGBA.size = size;
    status = translate(WebPDecode(data, length, &config), error);
    WebPFreeDecBuffer(&config.output);
    return status;
}
