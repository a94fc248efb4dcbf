/* The two passes of Pillow's 8-bit resize. A product of a 24-bit weight and a byte does not fit the 16-bit multipliers
 * that every x86-64 has, so a weight is split into its low 12 bits and the rest; both sums are exact modulo 2^32 and
 * are joined at the end, which gives the bits of the plain sum. */
#include "internal.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { precision = 22 };

static inline uint8_t clip8(uint32_t sum) {
    int32_t value = (int32_t)sum >> precision;
    return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

/* One channel of one output: taps from `t` on are added to `sum`. */
static inline uint32_t finish_taps(
    uint32_t sum, const uint8_t *in, size_t step, const int32_t *weights, uint32_t t, uint32_t count) {
    for (; t < count; t++) sum += (uint32_t)weights[t] * in[t * step];
    return sum;
}

#if defined(__SSE2__)

/* Three or four channels: one 32-bit lane a channel, two pixels a step. */
static void wide_row(
    uint8_t *out, const uint8_t *in, uint32_t width, uint32_t channels, const ic_taps *taps) {
    const __m128i zero = _mm_setzero_si128();
    size_t end = (size_t)width * channels;
    for (uint32_t i = 0; i < taps->outputs; i++) {
        size_t start = (size_t)taps->first[i] * channels;
        uint32_t count = taps->count[i];
        const int16_t *halves = taps->halves + (size_t)i * taps->stride * 2;
        __m128i low = zero, high = zero;
        uint32_t t = 0;
        /* Eight bytes are read where two pixels of three channels need six. */
        for (; t + 2 <= count && start + (size_t)t * channels + 8 <= end; t += 2) {
            __m128i pixels = _mm_loadl_epi64((const __m128i *)(const void *)(in + start + (size_t)t * channels));
            __m128i second = channels == 3 ? _mm_srli_si128(pixels, 3) : _mm_srli_si128(pixels, 4);
            __m128i pairs = _mm_unpacklo_epi8(_mm_unpacklo_epi8(pixels, second), zero);
            __m128i w = _mm_loadl_epi64((const __m128i *)(const void *)(halves + 2 * (size_t)t));
            low = _mm_add_epi32(low, _mm_madd_epi16(pairs, _mm_shuffle_epi32(w, 0x00)));
            high = _mm_add_epi32(high, _mm_madd_epi16(pairs, _mm_shuffle_epi32(w, 0x55)));
        }
        uint32_t sums[4];
        __m128i rounded = _mm_add_epi32(low, _mm_set1_epi32(1 << (precision - 1)));
        _mm_storeu_si128((__m128i *)(void *)sums, _mm_add_epi32(rounded, _mm_slli_epi32(high, 12)));
        for (uint32_t c = 0; c < channels; c++) {
            const int32_t *weights = taps->weights + (size_t)i * taps->stride;
            out[(size_t)i * channels + c] = clip8(finish_taps(sums[c], in + start + c, channels, weights, t, count));
        }
    }
}

/* Sixteen bytes of an output row. `rows` is the first tap's row at these bytes. */
static void column_block(
    uint8_t *out, const uint8_t *rows, size_t row_bytes, uint32_t count, const int16_t *halves) {
    const __m128i zero = _mm_setzero_si128();
    __m128i low[4] = {zero, zero, zero, zero}, high[4] = {zero, zero, zero, zero};
    for (uint32_t t = 0; t < count; t += 2) {
        const uint8_t *row = rows + t * row_bytes;
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)row);
        /* An odd count has a weight of 0 after it. */
        __m128i b = t + 1 < count ? _mm_loadu_si128((const __m128i *)(const void *)(row + row_bytes)) : zero;
        __m128i w = _mm_loadl_epi64((const __m128i *)(const void *)(halves + 2 * (size_t)t));
        __m128i wl = _mm_shuffle_epi32(w, 0x00), wh = _mm_shuffle_epi32(w, 0x55);
        __m128i first = _mm_unpacklo_epi8(a, b), last = _mm_unpackhi_epi8(a, b);
        __m128i pairs[4] = {
            _mm_unpacklo_epi8(first, zero), _mm_unpackhi_epi8(first, zero), _mm_unpacklo_epi8(last, zero),
            _mm_unpackhi_epi8(last, zero)};
        for (int k = 0; k < 4; k++) {
            low[k] = _mm_add_epi32(low[k], _mm_madd_epi16(pairs[k], wl));
            high[k] = _mm_add_epi32(high[k], _mm_madd_epi16(pairs[k], wh));
        }
    }
    __m128i value[4];
    for (int k = 0; k < 4; k++) {
        __m128i rounded = _mm_add_epi32(low[k], _mm_set1_epi32(1 << (precision - 1)));
        value[k] = _mm_srai_epi32(_mm_add_epi32(rounded, _mm_slli_epi32(high[k], 12)), precision);
    }
    /* Values are within +-512: both narrowing steps saturate, the second to 0...255. */
    __m128i bytes = _mm_packus_epi16(_mm_packs_epi32(value[0], value[1]), _mm_packs_epi32(value[2], value[3]));
    _mm_storeu_si128((__m128i *)(void *)out, bytes);
}

#endif

static void plain_row(uint8_t *out, const uint8_t *in, uint32_t channels, const ic_taps *taps) {
    for (uint32_t i = 0; i < taps->outputs; i++) {
        const uint8_t *start = in + (size_t)taps->first[i] * channels;
        const int32_t *weights = taps->weights + (size_t)i * taps->stride;
        for (uint32_t c = 0; c < channels; c++) {
            uint32_t sum = finish_taps(1u << (precision - 1), start + c, channels, weights, 0, taps->count[i]);
            out[(size_t)i * channels + c] = clip8(sum);
        }
    }
}

void ic_resample_row(uint8_t *out, const uint8_t *in, uint32_t width, uint32_t channels, const ic_taps *taps) {
#if defined(__SSE2__)
    if (channels == 3) {
        wide_row(out, in, width, 3, taps);
        return;
    }
    if (channels == 4) {
        wide_row(out, in, width, 4, taps);
        return;
    }
#endif
    (void)width;
    plain_row(out, in, channels, taps);
}

void ic_resample_column(uint8_t *out, const uint8_t *in, size_t row_bytes, const ic_taps *taps, uint32_t index) {
    uint32_t count = taps->count[index];
    const uint8_t *rows = in + (size_t)taps->first[index] * row_bytes;
    const int32_t *weights = taps->weights + (size_t)index * taps->stride;
    size_t x = 0;
#if defined(__SSE2__)
    const int16_t *halves = taps->halves + (size_t)index * taps->stride * 2;
    for (; x + 16 <= row_bytes; x += 16) column_block(out + x, rows + x, row_bytes, count, halves);
#endif
    for (; x < row_bytes; x++) {
        out[x] = clip8(finish_taps(1u << (precision - 1), rows + x, row_bytes, weights, 0, count));
    }
}
