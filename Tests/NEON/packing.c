// Weights into panels, and stored numbers into floats: equal on every tier.
#include "weights.h"
#include <stdlib.h>

static long stored_size(ck_storage storage) {
  return storage == CK_STORE_F32 ? 4 : storage == CK_STORE_I8 ? 1 : 2;
}

// A packed fp32 or bf16 matrix, as ckernels.h describes it.
static void pack_plainly(const ck_pack *p, char *out) {
  for (long row = 0; row < (p->n + CK_PANEL - 1) / CK_PANEL * CK_PANEL; row++)
    for (long i = 0; i < p->k; i++) {
      const long at = row * p->k + i;
      const char *const source = (const char *)p->source + at * stored_size(p->storage);
      float x = 0;
      uint16_t half = 0;
      if (row < p->n) {
        if (p->storage != CK_STORE_I8) memcpy(&half, source, 2);
        if (p->storage == CK_STORE_F32) memcpy(&x, source, 4);
        else if (p->storage == CK_STORE_I8) x = (float)(signed char)*source;
        else x = p->storage == CK_STORE_F16 ? from_half(half) : from_bfloat(half);
        if (p->scale) x *= p->scale[row];
      }
      // Term k of a panel: all channels of a tap lie together.
      const long k = i % p->taps * p->channels + i / p->taps;
      const long to = (row / CK_PANEL * p->k + k) * CK_PANEL + row % CK_PANEL;
      if (p->form == CK_FORM_F32) memcpy(out + 4 * to, &x, 4);
      half = to_bfloat(x);
      const long pair = (row / CK_PANEL * ((p->k + 1) / 2) + k / 2) * CK_PANEL + row % CK_PANEL;
      if (p->form == CK_FORM_BF16) memcpy(out + 4 * pair + 2 * (k % 2), &half, 2);
    }
}

// A source of any storage that starts a byte past where its numbers would like to lie.
static char *make_source(ck_storage storage, long count, int is_special) {
  float *const x = is_special ? specials(count, 2.0f) : floats(count, 2.0f);
  char *const source = (char *)block((size_t)(4 * count + 1)) + 1;
  for (long i = 0; i < count; i++) {
    // A half from any sixteen bits, but for infinities and NaNs where there are to be none.
    uint16_t half = storage == CK_STORE_BF16 ? to_bfloat(x[i]) : (uint16_t)below(0x10000);
    if (storage == CK_STORE_F16 && !is_special && (half & 0x7c00) == 0x7c00) half ^= 0x4000;
    if (storage == CK_STORE_F32) memcpy(source + 4 * i, x + i, 4);
    else if (storage == CK_STORE_I8) source[i] = (char)(below(255) - 127);
    else memcpy(source + 2 * i, &half, 2);
  }
  return source;
}

// The whole matrix at once, and in pieces of rows that cut panels.
static void pack_case(long n, long channels, long taps, ck_storage storage, ck_form form, int is_scaled,
                      int is_special) {
  static const char *const storages[] = {"f32", "f16", "bf16", "i8"}, *const forms[] = {"f32", "bf16", "i8"};
  const long k = channels * taps, bytes = (long)(4 * ck_packed_floats(n, k, form));
  char *const packed = block((size_t)bytes);
  ck_pack args = {.packed = (float *)(void *)packed, .n = n, .k = k, .rows = n, .channels = channels, .taps = taps,
                  .source = make_source(storage, n * k, is_special), .storage = storage,
                  .scale = is_scaled ? floats(n, 1.5f) : 0, .form = form};
  char *expected = 0;
  if (form != CK_FORM_I8 && !(is_special && is_scaled)) {
    expected = block((size_t)bytes);
    memset(expected, 0, (size_t)bytes); // an odd k leaves half of the last unit
    pack_plainly(&args, expected);
  }
  // Where a NaN may be computed, its bits are the processor's.
  const int is_computed = is_special && form == CK_FORM_F32;
  job j = {.operation = RUN_pack_weights, .args = &args, .output = packed, .count = is_computed ? bytes / 4 : bytes,
           .element = is_computed ? FLOATS : BYTES, .expected = is_computed ? 0 : expected};
  check(&j, "%ldx%ldx%ld %s to %s%s%s", n, channels, taps, storages[storage], forms[form], is_scaled ? " scaled" : "",
        is_special ? " special" : "");
  const char *const source = args.source;
  const float *const scale = args.scale;
  ck_pack_weights(tested, &args);
  char *const whole = block((size_t)bytes);
  memcpy(whole, packed, (size_t)bytes);
  memset(packed, 0x55, (size_t)bytes);
  for (long row = 0, rows; row < n; row += rows) {
    rows = row + 5 + row / 2 < n ? 5 + row / 2 : n - row;
    args.row = row;
    args.rows = rows;
    args.source = source + row * k * stored_size(storage);
    args.scale = scale ? scale + row : 0;
    ck_pack_weights(tested, &args);
  }
  if (memcmp(packed, whole, (size_t)bytes) != 0) report(RUN_pack_weights, "in pieces", "other bytes");
  release();
}

// Winograd's weights in bf16: u = G g G^T in double precision, rounded to floats and then to bf16.
static void winograd_pack_case(long n, long channels, ck_storage storage, int is_scaled) {
  static const double g[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
  const long panels = (n + CK_PANEL - 1) / CK_PANEL, bytes = 4 * (long)ck_winograd_packed_floats(n, channels);
  char *const packed = block((size_t)bytes), *const expected = block((size_t)bytes);
  memset(expected, 0, (size_t)bytes); // rows past the last, and an odd channel's partner
  ck_pack args = {.packed = (float *)(void *)packed, .n = n, .k = 9 * channels, .rows = n, .channels = channels,
                  .taps = 9, .source = make_source(storage, 9 * n * channels, 0), .storage = storage,
                  .scale = is_scaled ? floats(n, 1.5f) : 0, .form = CK_FORM_BF16};
  for (long row = 0; row < n; row++)
    for (long c = 0; c < channels; c++)
      for (long at = 0; at < 16; at++) {
        double u = -0.0; // which changes no sum
        for (long tap = 0; tap < 9; tap++) {
          const double factor = g[at / 4][tap / 3] * g[at % 4][tap % 3];
          if (factor == 0) continue;
          float x;
          ck_to_float(CK_PORTABLE, &x, (const char *)args.source + ((row * channels + c) * 9 + tap) *
                      stored_size(storage), storage, 1);
          if (args.scale) x *= args.scale[row];
          u += factor * (double)x;
        }
        const uint16_t half = to_bfloat((float)u);
        const long unit = (at * panels + row / CK_PANEL) * ((channels + 1) / 2) + c / 2;
        memcpy(expected + 4 * (unit * CK_PANEL + row % CK_PANEL) + 2 * (c % 2), &half, 2);
      }
  job j = {.operation = RUN_winograd_pack, .args = &args, .output = packed, .count = bytes, .element = BYTES,
           .expected = expected};
  check(&j, "%ldx%ld storage %d%s", n, channels, storage, is_scaled ? " scaled" : "");
  release();
}

// A strided line's weights: sums of the outer taps, then the taps of either output's own product.
static void winograd_line_pack_case(long n, long channels, ck_storage storage, int is_scaled) {
  static const double g[5][3] = {{1, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 1, 0}};
  const long rows = (n + CK_PANEL - 1) / CK_PANEL * CK_PANEL, count = 5 * rows * channels;
  float *const packed = room(count);
  ck_pack args = {.packed = packed, .n = n, .k = 3 * channels, .rows = n, .channels = channels, .taps = 3,
                  .source = make_source(storage, 3 * n * channels, 0), .storage = storage,
                  .scale = is_scaled ? floats(n, 1.5f) : 0};
  double *const expected = doubles(count);
  for (long row = 0; row < rows; row++)
    for (long c = 0; c < channels; c++)
      for (long at = 0; at < 5; at++) {
        double u = 0;
        for (long tap = 0; row < n && tap < 3; tap++) {
          float x;
          ck_to_float(CK_PORTABLE, &x, (const char *)args.source + ((row * channels + c) * 3 + tap) *
                      stored_size(storage), storage, 1);
          if (args.scale) x *= args.scale[row];
          u += g[at][tap] * (double)x;
        }
        expected[(row / CK_PANEL * 5 * channels + at * channels + c) * CK_PANEL + row % CK_PANEL] = u;
      }
  job j = {.operation = RUN_winograd_line_pack, .args = &args, .output = packed, .count = count, .expected = expected,
           .tolerance = 1};
  check(&j, "%ldx%ld storage %d%s", n, channels, storage, is_scaled ? " scaled" : "");
  release();
}

static void to_float_case(ck_storage storage, long n, int is_every) {
  float *const output = room(n);
  char *const source = make_source(storage, n, 1);
  if (is_every)
    for (long i = 0; i < n; i++) memcpy(source + 2 * i, &(uint16_t){(uint16_t)i}, 2);
  double *const expected = doubles(n);
  for (long i = 0; i < n; i++) {
    uint16_t half = 0;
    float x;
    if (storage != CK_STORE_I8) memcpy(&half, source + 2 * i, 2);
    if (storage == CK_STORE_F32) memcpy(&x, source + 4 * i, 4);
    else if (storage == CK_STORE_I8) x = (float)(signed char)source[i];
    else x = storage == CK_STORE_F16 ? from_half(half) : from_bfloat(half);
    expected[i] = (double)x;
  }
  const to_float_args args = {output, source, storage, n};
  job j = {.operation = RUN_to_float, .args = &args, .output = output, .count = n, .expected = expected};
  check(&j, "%ld of storage %d", n, storage);
  release();
}

void packing_cases(void) {
  static const long sizes[] = {0, 1, 2, 15, 16, 17, 31, 33, 100};
  static const long shapes[][3] = {{1, 1, 1}, {16, 17, 1}, {17, 5, 9}, {31, 33, 1}, {32, 16, 4}, {33, 3, 49},
                                   {70, 64, 1}};
  for (int storage = CK_STORE_F32; storage <= CK_STORE_I8; storage++) {
    for (int i = 0; i < 9; i++) to_float_case((ck_storage)storage, sizes[i], 0);
    for (int i = 0; i < 7; i++)
      for (int form = CK_FORM_F32; form <= CK_FORM_I8; form++)
        for (int options = 0; options < 4; options++) {
          // An int8 panel's scales would be NaNs of the processor's own.
          if (form == CK_FORM_I8 && options & 2) continue;
          pack_case(shapes[i][0], shapes[i][1], shapes[i][2], (ck_storage)storage, (ck_form)form, options & 1,
                    options & 2);
        }
    winograd_pack_case(1, 1, (ck_storage)storage, 0);
    winograd_pack_case(33, 17, (ck_storage)storage, 1);
    winograd_pack_case(70, 16, (ck_storage)storage, 0);
    winograd_line_pack_case(1, 32, (ck_storage)storage, 0);
    winograd_line_pack_case(33, 64, (ck_storage)storage, 1);
  }
  to_float_case(CK_STORE_F16, 0x10000, 1);
  to_float_case(CK_STORE_BF16, 0x10000, 1);
}
