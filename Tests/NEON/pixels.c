// Pooling, means over pixels, resampling, transposition.
#include "harness.h"

static void pool_case(long batch, long in_h, long in_w, long c, const long k[6], ck_pool_kind kind, int is_special) {
  ck_pool2d a = {.batch = batch, .in_h = in_h, .in_w = in_w, .c = c, .kernel_h = k[0], .kernel_w = k[1],
                 .stride_h = k[2], .stride_w = k[3], .pad_h = k[4], .pad_w = k[4], .dilation_h = k[5],
                 .dilation_w = k[5], .kind = kind};
  a.out_h = (in_h + 2 * k[4] - k[5] * (k[0] - 1) - 1) / k[2] + 1;
  a.out_w = (in_w + 2 * k[4] - k[5] * (k[1] - 1) - 1) / k[3] + 1;
  a.out_ld = c + in_h % 2 * 7;
  const long pixels = batch * a.out_h * a.out_w, count = pixels * a.out_ld;
  a.input = is_special ? specials(batch * in_h * in_w * c, 2.0f) : floats(batch * in_h * in_w * c, 2.0f);
  a.output = room(count);
  double *const expected = doubles(count);
  for (long i = 0; i < count; i++) expected[i] = NAN;
  for (long i = 0; i < pixels * c; i++) {
    const long p = i / c, x = p % a.out_w, y = p / a.out_w % a.out_h, image = p / a.out_w / a.out_h;
    double sum = 0, most = -INFINITY;
    long inside = 0, counted = 0;
    for (long tap = 0; tap < k[0] * k[1]; tap++) {
      const long iy = y * k[2] + tap / k[1] * k[5] - k[4], ix = x * k[3] + tap % k[1] * k[5] - k[4];
      counted += iy < in_h + k[4] && ix < in_w + k[4];
      if (iy < 0 || iy >= in_h || ix < 0 || ix >= in_w) continue;
      const double value = (double)a.input[((image * in_h + iy) * in_w + ix) * c + i % c];
      sum += value;
      most = isnan(most) || isnan(value) ? NAN : fmax(most, value);
      inside++;
    }
    expected[p * a.out_ld + i % c] = kind == CK_POOL_MAX ? most
                                     : sum / (double)fmax(1, (double)(kind == CK_POOL_AVERAGE ? inside : counted));
  }
  job j = {.operation = RUN_pool2d_run, .args = &a, .output = a.output, .count = count,
           .expected = is_special && kind != CK_POOL_MAX ? 0 : expected, .tolerance = kind == CK_POOL_MAX ? 1e-6 : 8};
  check(&j, "%ldx%ldx%ldx%ld kernel %ldx%ld stride %ld,%ld pad %ld dilation %ld kind %d%s", batch, in_h, in_w, c, k[0],
        k[1], k[2], k[3], k[4], k[5], kind, is_special ? " special" : "");
  release();
}

static void mean_case(operation operation, long batch, long pixels, long c) {
  ck_mean_pixels a = {.batch = batch, .pixels = pixels, .c = c, .input = floats(batch * pixels * c, 2.0f),
                      .output = room(batch * c)};
  double *const expected = doubles(batch * c);
  for (long i = 0; i < batch * c; i++) {
    double sum = 0, squares = 0;
    for (long p = 0; p < pixels; p++) {
      const double x = (double)a.input[(i / c * pixels + p) * c + i % c];
      sum += x;
      squares += x * x;
    }
    expected[i] = operation == RUN_mean_pixels_run ? sum / (double)pixels : sqrt(squares);
  }
  job j = {.operation = operation, .args = &a, .output = a.output, .count = batch * c, .expected = expected,
           .tolerance = 8, .portable = 4};
  check(&j, "%ldx%ldx%ld", batch, pixels, c);
  release();
}

static void resample_case(long batch, const long sizes[4], long c, long row_taps, long col_taps, int is_special) {
  const long in_h = sizes[0], in_w = sizes[1], out_h = sizes[2], out_w = sizes[3], count = batch * out_h * out_w * c;
  int32_t *const rows = block(sizeof(int32_t) * (size_t)out_h), *const columns = block(sizeof(int32_t) * (size_t)out_w);
  for (long i = 0; i < out_h; i++) rows[i] = (int32_t)below(in_h - row_taps + 1);
  for (long i = 0; i < out_w; i++) columns[i] = (int32_t)below(in_w - col_taps + 1);
  const long all = batch * in_h * in_w * c;
  ck_resample2d a = {.batch = batch, .in_h = in_h, .in_w = in_w, .out_h = out_h, .out_w = out_w, .c = c,
                     .row_taps = row_taps, .col_taps = col_taps, .row_first = rows, .col_first = columns,
                     .row_weight = floats(out_h * row_taps, 1.0f), .col_weight = floats(out_w * col_taps, 1.0f),
                     .input = is_special ? specials(all, 2.0f) : floats(all, 2.0f), .output = room(count)};
  double *const expected = doubles(count);
  for (long i = 0; i < count; i++) {
    const long x = i / c % out_w, y = i / c / out_w % out_h, image = i / c / out_w / out_h;
    expected[i] = 0;
    for (long tap = 0; tap < row_taps * col_taps; tap++) {
      const long r = tap / col_taps, s = tap % col_taps;
      expected[i] += (double)a.row_weight[y * row_taps + r] * (double)a.col_weight[x * col_taps + s] *
                     (double)a.input[((image * in_h + rows[y] + r) * in_w + columns[x] + s) * c + i % c];
    }
  }
  job j = {.operation = RUN_resample2d_run, .args = &a, .output = a.output, .count = count,
           .expected = is_special ? 0 : expected, .tolerance = 16, .portable = 4};
  check(&j, "%ldx%ldx%ldx%ld to %ldx%ld, %ldx%ld taps%s", batch, in_h, in_w, c, out_h, out_w, row_taps, col_taps,
        is_special ? " special" : "");
  release();
}

// Values move, bits and all.
static void transpose_case(long batch, long rows, long cols) {
  const long count = batch * rows * cols;
  ck_transpose a = {.batch = batch, .rows = rows, .cols = cols, .input = specials(count, 1.0f), .output = room(count)};
  float *const expected = room(count);
  for (long i = 0; i < count; i++) {
    const long column = i % cols, row = i / cols % rows, image = i / cols / rows;
    memcpy(expected + (image * cols + column) * rows + row, a.input + i, 4);
  }
  job j = {.operation = RUN_transpose_run, .args = &a, .output = a.output, .count = 4 * count, .element = BYTES,
           .expected = expected};
  check(&j, "%ldx%ldx%ld", batch, rows, cols);
  release();
}

void pixel_cases(void) {
  static const long channels[] = {1, 3, 15, 16, 17, 33, 64, 81};
  static const long kernels[][6] = {{2, 2, 2, 2, 0, 1}, {3, 3, 2, 2, 1, 1}, {3, 2, 1, 2, 1, 1}, {3, 3, 1, 1, 1, 2}};
  for (int c = 0; c < 8; c++)
    for (int kernel = 0; kernel < 4; kernel++)
      for (int kind = CK_POOL_MAX; kind <= CK_POOL_AVERAGE_WITH_PAD; kind++)
        pool_case(1 + c % 2, 7 + kernel % 2, 6 + c % 3, channels[c], kernels[kernel], (ck_pool_kind)kind,
                  (c + kernel + kind) % 5 == 0);
  static const long pixels[] = {1, 2, 15, 16, 17, 33, 100};
  for (int c = 0; c < 8; c++)
    for (int p = 0; p < 7; p++) {
      mean_case(RUN_mean_pixels_run, 1 + p % 2, pixels[p], channels[c]);
      mean_case(RUN_length_pixels_run, 1 + p % 2, pixels[p], channels[c]);
      transpose_case(1 + p % 2, pixels[p], channels[c]);
      transpose_case(1, channels[c], pixels[p]);
    }
  static const long sizes[][4] = {{4, 5, 8, 10}, {9, 7, 3, 2}, {6, 6, 6, 6}};
  for (int c = 0; c < 8; c++)
    for (int s = 0; s < 3; s++)
      resample_case(1 + c % 2, sizes[s], channels[c], 1 + (c + s) % 4, 1 + (c * 3 + s) % 4, (c + s) % 5 == 0);
}
