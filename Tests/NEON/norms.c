// Norms and softmax.
#include "harness.h"

static const char *mark(int is_special) { return is_special ? " special" : ""; }

static void layer_norm_case(long rows, long c, int rms, int is_affine, int in_place, ck_activation activation,
                            int is_special) {
  const long in_ld = c + rows % 2 * 3, out_ld = in_place ? in_ld : c + rows % 3;
  const long count = (rows - 1) * out_ld + c;
  float *const input = is_special ? specials(rows * in_ld, 4.0f) : floats(rows * in_ld, 4.0f);
  ck_layer_norm a = {.rows = rows, .c = c, .in_ld = in_ld, .out_ld = out_ld, .input = input,
                     .output = in_place ? input : room(count), .eps = 1e-5f, .rms = rms, .activation = activation};
  if (is_affine) a.gamma = floats(c, 1.0f), a.beta = floats(c, 1.0f);
  double *const expected = doubles(count);
  for (long i = 0; i < count; i++) expected[i] = in_place ? (double)input[i] : NAN;
  for (long r = 0; r < rows; r++) {
    double mean = 0, square = 0;
    for (long j = 0; j < c; j++) mean += rms ? 0 : (double)input[r * in_ld + j] / (double)c;
    for (long j = 0; j < c; j++) square += pow((double)input[r * in_ld + j] - mean, 2) / (double)c;
    for (long j = 0; j < c; j++) {
      double y = ((double)input[r * in_ld + j] - mean) / sqrt(square + (double)a.eps);
      if (is_affine) y = y * (double)a.gamma[j] + (double)a.beta[j];
      expected[r * out_ld + j] = activated(activation, y);
    }
  }
  job j = {.operation = RUN_layer_norm_run, .args = &a, .output = a.output, .count = count,
           .expected = is_special ? 0 : expected, .tolerance = 16, .portable = 8};
  check(&j, "%ldx%ld rms %d affine %d in place %d activation %d%s", rows, c, rms, is_affine, in_place, activation,
        mark(is_special));
  release();
}

enum { AFFINE = 1, ADDEND = 2, MODULATION = 4, MEASURED = 8, GIVEN = 16, SUMMED = 32, SUMS = 64 };
static void group_norm_case(long batch, long pixels, long c, long groups, int options, ck_activation activation) {
  const long count = batch * pixels * c, width = c / groups;
  double *const statistics = doubles(batch * groups * 2), *const expected = doubles(count);
  ck_group_norm a = {.batch = batch, .pixels = pixels, .c = c, .groups = groups, .input = floats(count, 3.0f),
                     .output = room(count), .eps = 1e-5f, .activation = activation};
  if (options & AFFINE) a.gamma = floats(c, 1.0f), a.beta = floats(c, 1.0f);
  if (options & ADDEND) a.addend = floats(batch * c, 2.0f);
  if (options & MODULATION) a.modulation = floats(batch * 2 * c, 1.0f);
  for (long u = 0; u < batch * groups; u++) {
    const long b = u / groups, first = u % groups * width;
    double mean = 0, square = 0;
    for (int pass = 0; pass < 2; pass++)
      for (long i = 0; i < pixels * width; i++) {
        const long channel = first + i % width;
        double x = (double)a.input[(b * pixels + i / width) * c + channel];
        if (a.addend) x += (double)a.addend[b * c + channel];
        if (pass) square += (x - mean) * (x - mean) / (double)(pixels * width);
        else mean += x / (double)(pixels * width);
      }
    statistics[2 * u] = mean;
    statistics[2 * u + 1] = square;
    for (long i = 0; i < pixels * width; i++) {
      const long channel = first + i % width, at = (b * pixels + i / width) * c + channel;
      double y = (double)a.input[at] + (a.addend ? (double)a.addend[b * c + channel] : 0);
      y = (y - mean) / sqrt(square + (double)a.eps);
      if (options & AFFINE) y = y * (double)a.gamma[channel] + (double)a.beta[channel];
      if (a.modulation) {
        const float *const scale = a.modulation + b * 2 * c + channel;
        y = y * (1 + (double)scale[0]) + (double)scale[c];
      }
      expected[at] = activated(activation, y);
    }
  }
  job j = {.operation = RUN_group_norm_run, .args = &a, .output = a.output, .count = count, .expected = expected,
           .tolerance = 24, .portable = 8};
  if (options & MEASURED) {
    a.measured = doubles(batch * groups * 2);
    j.output = a.measured;
    j.count = batch * groups * 2;
    j.element = DOUBLES;
    j.expected = statistics;
  }
  if (options & GIVEN) a.given = statistics;
  if (options & (SUMMED | SUMS)) {
    const long sums = batch * ((pixels + 127) / 128) * 2 * c;
    a.summed = room(sums);
    if (options & SUMMED) {
      j.output = a.summed;
      j.count = sums;
      j.expected = 0;
    } else {
      float *const found = a.summed;
      ck_group_norm_run(tested, &a, 0, 1, 0);
      a.summed = 0, a.sums = found;
    }
  }
  check(&j, "%ldx%ldx%ld groups %ld options %d activation %d", batch, pixels, c, groups, options, activation);
  release();
}

static void softmax_case(long rows, long c, int is_special, int in_place) {
  const long count = rows * c;
  float *const input = is_special ? specials(count, 20.0f) : floats(count, 20.0f);
  double *const expected = doubles(count);
  // One row sees nothing.
  for (long j = 0; j < c; j++) input[(rows - 1) * c + j] = -INFINITY;
  for (long r = 0; r < rows; r++) {
    double most = -INFINITY, sum = 0;
    for (long j = 0; j < c; j++) most = fmax(most, (double)input[r * c + j]);
    for (long j = 0; j < c; j++) sum += most == -INFINITY ? 0 : exp((double)input[r * c + j] - most);
    for (long j = 0; j < c; j++)
      expected[r * c + j] = most == -INFINITY ? 0 : exp((double)input[r * c + j] - most) / sum;
  }
  ck_softmax a = {.rows = rows, .c = c, .input = input, .output = in_place ? input : room(count)};
  job j = {.operation = RUN_softmax_run, .args = &a, .output = a.output, .count = count,
           .expected = is_special ? 0 : expected, .tolerance = 8, .portable = 8};
  check(&j, "%ldx%ld%s%s", rows, c, mark(is_special), in_place ? " in place" : "");
  release();
}

void norm_cases(void) {
  static const long widths[] = {1, 2, 15, 16, 17, 31, 33, 64, 100, 257};
  int i = 0;
  for (long rows = 1; rows <= 9; rows++)
    for (int c = 0; c < 10; c++, i++) {
      if (widths[c] > 1) // one value has no spread: all is rounding
        layer_norm_case(rows, widths[c], i % 2, i / 2 % 2, i / 4 % 2, (ck_activation)(i % ACTIVATIONS), 0);
      if (i % 7 == 0) layer_norm_case(rows, widths[c], i % 2, 1, 0, CK_ACT_NONE, 1);
      if (i % 2) softmax_case(rows, widths[c], 0, i % 3 == 0);
      else if (i % 3 == 0) softmax_case(rows, widths[c], 1, 0);
    }
  static const long shapes[][4] = {{1, 1, 4, 2},   {2, 9, 12, 3},   {1, 7, 15, 5},  {3, 5, 32, 32}, {1, 300, 16, 4},
                                   {2, 6, 96, 1},  {1, 10, 70, 10}, {1, 3, 200, 2}, {1, 20, 160, 32}, {2, 129, 40, 5}};
  static const int options[] = {0, AFFINE, AFFINE | ADDEND, AFFINE | MODULATION, ADDEND | MODULATION, MEASURED,
                                MEASURED | ADDEND, GIVEN | AFFINE, GIVEN | ADDEND,
                                SUMMED, SUMS | AFFINE | ADDEND, SUMS | MEASURED};
  for (int s = 0; s < 10; s++)
    for (int o = 0; o < (shapes[s][1] > 128 ? 12 : 10); o++)
      group_norm_case(shapes[s][0], shapes[s][1], shapes[s][2], shapes[s][3], options[o],
                      (ck_activation)((s + o) % ACTIVATIONS));
}
