// What is done to each value by itself: every activation, affine maps, gates, sums, rotations, gathered rows.
#include "harness.h"

static float *values(long count, float scale, int is_special) {
  return is_special ? specials(count, scale) : floats(count, scale);
}
static const char *mark(int is_special) { return is_special ? " special" : ""; }

// Tolerances of activations: as tight as the vector mathematics promises.
static void add_case(long n, int has_b, ck_activation activation, float scale, int is_special) {
  ck_add a = {.n = n, .a = values(n, scale, is_special), .b = has_b ? values(n, scale, is_special) : 0,
              .output = room(n), .activation = activation};
  double *const expected = doubles(n);
  for (long i = 0; i < n; i++)
    expected[i] = activated(activation, (double)(has_b ? a.a[i] + a.b[i] : a.a[i]));
  job j = {.operation = RUN_add_run, .args = &a, .output = a.output, .count = n, .expected = expected, .tolerance = 8,
           .portable = 4};
  check(&j, "%ld values within %g%s, activation %d%s", n, (double)scale, has_b ? " and others" : "", activation,
        mark(is_special));
  release();
}

static void affine_case(long rows, long c, int options, ck_activation activation, int is_special) {
  const long in_ld = c + rows % 2 * 4;
  ck_channel_affine a = {.rows = rows, .c = c, .in_ld = in_ld, .input = values(rows * in_ld, 3.0f, is_special),
                         .output = room(rows * c), .activation = activation};
  if (options & 1) a.scale = values(c, 2.0f, is_special);
  if (options & 2) a.shift = values(c, 2.0f, is_special);
  double *const expected = doubles(rows * c);
  for (long i = 0; i < rows * c; i++) {
    double y = (double)a.input[i / c * in_ld + i % c];
    if (a.scale) y *= (double)a.scale[i % c];
    if (a.shift) y += (double)a.shift[i % c];
    expected[i] = activated(activation, y);
  }
  job j = {.operation = RUN_channel_affine_run, .args = &a, .output = a.output, .count = rows * c,
           .expected = is_special ? 0 : expected, .tolerance = 8, .portable = 4};
  check(&j, "%ldx%ld options %d activation %d%s", rows, c, options, activation, mark(is_special));
  release();
}

static void gate_case(long batch, long pixels, long c, int has_shift, int is_special) {
  const long count = batch * pixels * c;
  ck_channel_gate a = {.batch = batch, .pixels = pixels, .c = c, .input = values(count, 2.0f, is_special),
                       .gate = values(batch * c, 1.0f, is_special), .output = room(count)};
  if (has_shift) a.shift = values(c, 1.0f, is_special);
  double *const expected = doubles(count);
  for (long i = 0; i < count; i++)
    expected[i] = (double)a.input[i] * (double)a.gate[i / (pixels * c) * c + i % c] +
                  (has_shift ? (double)a.shift[i % c] : 0);
  job j = {.operation = RUN_channel_gate_run, .args = &a, .output = a.output, .count = count,
           .expected = is_special ? 0 : expected, .tolerance = 2, .portable = 2};
  check(&j, "%ldx%ldx%ld%s%s", batch, pixels, c, has_shift ? " shifted" : "", mark(is_special));
  release();
}

static void image_affine_case(long batch, long pixels, long c, int options, ck_activation activation, int is_special) {
  const long count = batch * pixels * c;
  ck_image_affine a = {.batch = batch, .pixels = pixels, .c = c, .input = values(count, 3.0f, is_special),
                       .shift = floats(batch * c, 1.0f), .noise_strength = 0.3f, .limit = 2.5f,
                       .output = room(count), .activation = activation};
  if (options & 1) a.scale = values(batch * c, 2.0f, is_special);
  if (options & 2) a.shift_image = c;
  if (options & 4) a.noise = values(batch * pixels, 1.0f, is_special), a.noise_image = pixels;
  double *const expected = doubles(count);
  for (long i = 0; i < count; i++) {
    const long b = i / (pixels * c);
    double y = (double)a.input[i] * (a.scale ? (double)a.scale[b * c + i % c] : 1);
    y += (double)a.shift[b * a.shift_image + i % c];
    if (a.noise) y += (double)a.noise[i / c] * (double)a.noise_strength;
    expected[i] = fmin(fmax(activated(activation, y), -2.5), 2.5);
  }
  job j = {.operation = RUN_image_affine_run, .args = &a, .output = a.output, .count = count,
           .expected = is_special ? 0 : expected, .tolerance = 8, .portable = 4};
  check(&j, "%ldx%ldx%ld options %d activation %d%s", batch, pixels, c, options, activation, mark(is_special));
  release();
}

static void glu_case(long rows, long c, ck_gate gate, int is_special) {
  ck_glu a = {.rows = rows, .c = c, .input = values(rows * 2 * c, 4.0f, is_special), .output = room(rows * c),
              .gate = gate};
  double *const expected = doubles(rows * c);
  for (long i = 0; i < rows * c; i++) {
    const double x = (double)a.input[i / c * 2 * c + i % c], y = (double)a.input[i / c * 2 * c + c + i % c];
    expected[i] = gate == CK_GATE_SIGMOID ? x * activated(CK_ACT_SIGMOID, y)
                  : gate == CK_GATE_SILU  ? activated(CK_ACT_SILU, x) * y
                                          : x * activated(CK_ACT_GELU, y);
  }
  job j = {.operation = RUN_glu_run, .args = &a, .output = a.output, .count = rows * c,
           .expected = is_special ? 0 : expected, .tolerance = 12, .portable = 4};
  check(&j, "%ldx%ld gate %d%s", rows, c, gate, mark(is_special));
  release();
}

// Rows are copied, bits and all.
static void gather_case(long batch, long rows, long in_rows, long c) {
  int32_t *const index = block(sizeof(int32_t) * (size_t)rows);
  for (long i = 0; i < rows; i++) index[i] = (int32_t)below(in_rows + 1) - 1;
  ck_gather_rows a = {.batch = batch, .rows = rows, .in_rows = in_rows, .c = c, .index = index,
                      .input = specials(batch * in_rows * c, 1.0f), .output = room(batch * rows * c)};
  float *const expected = room(batch * rows * c);
  for (long i = 0; i < batch * rows; i++)
    for (long j = 0; j < c; j++)
      expected[i * c + j] = index[i % rows] < 0 ? 0 : a.input[(i / rows * in_rows + index[i % rows]) * c + j];
  job j = {.operation = RUN_gather_rows_run, .args = &a, .output = a.output, .count = batch * rows * c * 4,
           .element = BYTES, .expected = expected};
  check(&j, "%ldx%ld of %ldx%ld", batch, rows, in_rows, c);
  release();
}

static void rotate_case(long batch, long tokens, long heads, long half, int is_special) {
  const long count = batch * tokens * heads * 2 * half;
  ck_rotate a = {.batch = batch, .tokens = tokens, .heads = heads, .half = half,
                 .input = values(count, 2.0f, is_special), .cosines = floats(tokens * half, 1.0f),
                 .sines = floats(tokens * half, 1.0f), .output = room(count)};
  double *const expected = doubles(count);
  for (long i = 0; i < count; i++) {
    const long channel = i % (2 * half), at = i / (2 * heads * half) % tokens * half + channel % half;
    const double other = (double)a.input[channel < half ? i + half : i - half];
    expected[i] = (double)a.input[i] * (double)a.cosines[at] + (channel < half ? -1 : 1) * other * (double)a.sines[at];
  }
  job j = {.operation = RUN_rotate_run, .args = &a, .output = a.output, .count = count,
           .expected = is_special ? 0 : expected, .tolerance = 4};
  check(&j, "%ldx%ldx%ldx%ld%s", batch, tokens, heads, half, mark(is_special));
  release();
}

// Denormal numbers count as zeros, and a result too small for a normal number is zero.
static void underflow_case(void) {
  static const float tiny[] = {0x1p-140f, 0x1.4p-126f, 1.0f, 0x1.8p-100f}, other[] = {0x1p-140f, -0x1p-126f, 0x1p-130f,
                                                                                      -0x1p-100f};
  static const double sums[] = {0, 0, 1, 0x1p-101};
  float *const a = room(40), *const b = room(40), *const output = room(40);
  double *const expected = doubles(40);
  for (int i = 0; i < 40; i++) a[i] = tiny[i % 4], b[i] = other[i % 4], expected[i] = sums[i % 4];
  const ck_add args = {.n = 40, .a = a, .b = b, .output = output};
  job j = {.operation = RUN_add_run, .args = &args, .output = output, .count = 40, .expected = expected};
  check(&j, "denormal numbers");
  ck_add_run(tested, &args, 0, 1, 0);
  for (int i = 0; i < 40; i++)
    if ((double)output[i] != sums[i % 4]) report(RUN_add_run, "denormal numbers", "are no zeros");
  // 2^-126 (1 - 2^-46), the one kind of number that processors treat unlike: x86-64 rounds it to the smallest normal
  // number and keeps that, arm64 finds that it is no normal number before it is rounded.
#if defined(__aarch64__)
  const float edge = 0.0f;
#else
  const float edge = 0x1p-126f;
#endif
  for (int i = 0; i < 40; i++) a[i] = 0x1.000002p-63f, b[i] = 0x1.fffffcp-64f;
  const ck_channel_affine product = {.rows = 1, .c = 40, .in_ld = 40, .input = a, .scale = b, .output = output};
  for (int tier = 0; tier < 2; tier++) {
    ck_channel_affine_run(tier ? tested : CK_PORTABLE, &product, 0, 1, 0);
    for (int i = 0; i < 40; i++)
      if (output[i] != edge) report(RUN_channel_affine_run, "just below 2^-126", "is not as the processor has it");
  }
  release();
}

void elementwise_cases(void) {
  static const long sizes[] = {1, 2, 15, 16, 17, 31, 33, 100};
  underflow_case();
  for (int activation = 0; activation < ACTIVATIONS; activation++) {
    for (int i = 0; i < 8; i++)
      add_case(sizes[i], i % 2, (ck_activation)activation, i % 3 ? 3.0f : 12.0f, 0);
    add_case(700, 0, (ck_activation)activation, 100.0f, 0);
    add_case(700, 0, (ck_activation)activation, 0.01f, 0);
    add_case(333, 0, (ck_activation)activation, 8.0f, 1);
    add_case(333, 1, (ck_activation)activation, 8.0f, 1);
    for (int options = 0; options < 4; options++)
      affine_case(1 + (activation + options) % 9, sizes[(activation + 3 * options) % 8], options,
                  (ck_activation)activation, 0);
    affine_case(5, 40, activation % 4, (ck_activation)activation, 1);
    for (int options = 0; options < 8; options += 2)
      image_affine_case(1 + options % 3, 1 + activation, sizes[(activation + options) % 8], options + activation % 2,
                        (ck_activation)activation, 0);
    image_affine_case(2, 5, 33, activation % 8, (ck_activation)activation, 1);
  }
  for (int i = 0; i < 8; i++) {
    gate_case(1 + i % 3, 1 + i, sizes[i], i % 2, 0);
    gate_case(2, 3, sizes[i], i % 2, 1);
    gather_case(1 + i % 2, 1 + 2 * i, 1 + i, sizes[i]);
    rotate_case(1 + i % 2, 1 + i, 1 + i % 3, sizes[7 - i], 0);
    rotate_case(1, 3, 2, sizes[i], 1);
    for (int gate = CK_GATE_SIGMOID; gate <= CK_GATE_GELU; gate++) {
      glu_case(1 + i, sizes[i], (ck_gate)gate, 0);
      glu_case(3, sizes[i], (ck_gate)gate, 1);
    }
  }
}
