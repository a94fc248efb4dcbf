// Convolutions: direct, by Winograd, depthwise, inverted residuals.
#include "weights.h"

// Sizes of a convolution; the output's follow.
typedef struct shape {
  long batch, in_h, in_w, in_c, out_c, groups, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h,
      dilation_w;
} shape;
static long output_size(long in, long kernel, long stride, long pad, long dilation) {
  return (in + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
}

// `gap` floats lie between the input's pixels; the output's pixels and rows are `spread` times as far apart as they
// need to be.
static void convolution_case(operation operation, shape s, ck_form form, int options, ck_activation activation,
                             long gap, long spread) {
  ck_conv2d a = {.batch = s.batch, .in_h = s.in_h, .in_w = s.in_w, .in_c = s.in_c, .out_c = s.out_c,
                 .groups = s.groups, .kernel_h = s.kernel_h, .kernel_w = s.kernel_w, .stride_h = s.stride_h,
                 .stride_w = s.stride_w, .pad_h = s.pad_h, .pad_w = s.pad_w, .dilation_h = s.dilation_h,
                 .dilation_w = s.dilation_w, .form = form};
  a.out_h = output_size(s.in_h, s.kernel_h, s.stride_h, s.pad_h, s.dilation_h);
  a.out_w = output_size(s.in_w, s.kernel_w, s.stride_w, s.pad_w, s.dilation_w);
  a.in_col = s.in_c + gap;
  a.in_row = s.in_w * a.in_col;
  a.in_image = s.in_h * a.in_row;
  a.out_col = s.out_c * spread;
  a.out_row = a.out_w * a.out_col * spread;
  a.out_image = a.out_h * a.out_row;
  const long count = s.batch * a.out_image, channels = s.in_c / s.groups, outputs = s.out_c / s.groups;
  const long taps = s.kernel_h * s.kernel_w;
  a.input = floats(s.batch * a.in_image, 1.0f);
  a.output = room(count);
  const weights w = make_weights(s.groups, outputs, channels, taps, form);
  a.weights = w.packed;
  a.epilogue = make_epilogue(options, activation, outputs, s.groups, a.output, count);
  const int is_line = operation == RUN_winograd_line_run;
  const int is_rounded = operation == RUN_winograd_run && form == CK_FORM_BF16; // transformed, then rounded
  if (is_line || is_rounded) {
    float *const packed = block(sizeof(float) * (is_line ? ck_winograd_line_packed_floats(s.out_c, s.in_c, form)
                                                         : ck_winograd_packed_floats(s.out_c, s.in_c)));
    const ck_pack p = {.packed = packed, .n = s.out_c, .k = taps * s.in_c, .rows = s.out_c, .channels = s.in_c,
                       .taps = taps, .source = w.source, .storage = CK_STORE_F32, .form = form};
    (is_line ? ck_winograd_line_pack : ck_winograd_pack)(tested, &p);
    a.weights = packed;
  }
  double *const expected = doubles(count);
  for (long i = 0; i < count; i++) expected[i] = options & IN_PLACE ? (double)a.output[i] : NAN;
  for (long i = 0; i < s.batch * a.out_h * a.out_w * s.out_c; i++) {
    const long n = i % s.out_c, x = i / s.out_c % a.out_w, y = i / s.out_c / a.out_w % a.out_h;
    const long image = i / s.out_c / a.out_w / a.out_h, at = image * a.out_image + y * a.out_row + x * a.out_col + n;
    double sum = 0;
    for (long tap = 0; tap < taps; tap++) {
      const long iy = y * s.stride_h + tap / s.kernel_w * s.dilation_h - s.pad_h;
      const long ix = x * s.stride_w + tap % s.kernel_w * s.dilation_w - s.pad_w;
      if (iy < 0 || iy >= s.in_h || ix < 0 || ix >= s.in_w) continue;
      const float *const from = a.input + image * a.in_image + iy * a.in_row + ix * a.in_col + n / outputs * channels;
      for (long c = 0; c < channels; c++) sum += (double)from[c] * w.values[(n * taps + tap) * channels + c];
    }
    expected[at] = finished(&a.epilogue, a.epilogue.residual, sum, n, at);
  }
  // A line's differences and sums of two are terms twice as large, F(2x2, 2x2)'s twice that; F(4x4, 3x3) multiplies
  // inputs by up to five and products by up to eight, twice; and rounding to bf16 is 2^-9 of a transformed weight.
  const int is_large = operation == RUN_winograd_run && !is_rounded, is_small = is_large && s.kernel_h == 2;
  const double terms = is_line ? 2 : is_small ? 4 : is_large ? 16 : is_rounded ? 1 << 14 : 1;
  const double k = (double)(channels * taps) * terms;
  job j = {.operation = operation, .args = &a, .output = a.output, .count = count, .expected = expected,
           .scratch = is_line                         ? ck_winograd_line_scratch(&a)
                      : operation == RUN_winograd_run ? ck_winograd_scratch(&a)
                                                      : ck_conv2d_scratch(&a),
           .tolerance = 8 + k / 2, .portable = is_small ? 4 * 64 : is_large ? 16 * 64 : 64};
  check(&j, "%ldx%ldx%ldx%ld to %ld, groups %ld, kernel %ldx%ld stride %ld,%ld pad %ld,%ld dilation %ld,%ld form %d "
        "epilogue %d activation %d", s.batch, s.in_h, s.in_w, s.in_c, s.out_c, s.groups, s.kernel_h, s.kernel_w,
        s.stride_h, s.stride_w, s.pad_h, s.pad_w, s.dilation_h, s.dilation_w, form, options, activation);
  release();
}

// Kernels for F(4x4, 3x3) and F(2x2, 2x2): u = G g G^T, all of a position together.
static void winograd_kernels_case(long channels, long outputs, long kernel) {
  static const double small[3][3] = {{1, 0}, {1, 1}, {0, 1}};
  static const double large[6][3] = {{64.0 / 81, 0, 0},
                                 {-128.0 / 243, -128.0 / 243 * 3 / 4, -128.0 / 243 * 9 / 16},
                                 {-128.0 / 243, 128.0 / 243 * 3 / 4, -128.0 / 243 * 9 / 16},
                                 {32.0 / 243, 32.0 / 243 * 3 / 2, 32.0 / 243 * 9 / 4},
                                 {32.0 / 243, -32.0 / 243 * 3 / 2, 32.0 / 243 * 9 / 4},
                                 {0, 0, 1}};
  const double(*const g)[3] = kernel == 2 ? small : large;
  const long side = kernel == 2 ? 3 : 6, taps = kernel * kernel;
  const weights w = make_weights(1, outputs, channels, taps, CK_FORM_F32);
  ck_conv2d a = {.batch = 1, .out_h = 64, .out_w = 64, .in_c = channels, .out_c = outputs, .kernel_h = kernel,
                 .kernel_w = kernel, .weights = w.packed};
  const long count = (long)ck_winograd_kernels_floats(&a, 64), position = count / (side * side);
  a.transformed = room(count);
  double *const expected = doubles(count);
  for (long i = 0; i < count; i++) expected[i] = NAN;
  for (long at = 0; at < side * side; at++)
    for (long n = 0; n < (outputs + CK_PANEL - 1) / CK_PANEL * CK_PANEL; n++)
      for (long c = 0; c < channels; c++) {
        double u = 0;
        for (long tap = 0; n < outputs && tap < taps; tap++)
          u += g[at / side][tap / kernel] * g[at % side][tap % kernel] * w.values[(n * taps + tap) * channels + c];
        expected[at * position + (n / CK_PANEL * channels + c) * CK_PANEL + n % CK_PANEL] = u;
      }
  job j = {.operation = RUN_winograd_kernels_run, .args = &a, .output = a.transformed, .count = count,
           .expected = expected, .tolerance = 8, .portable = 8};
  check(&j, "%ld to %ld, %ldx%ld", channels, outputs, kernel, kernel);
  release();
}

// Chains over taps: the portable tier rounds products here.
static void depthwise_case(long batch, long in_h, long in_w, long channels, long kernel_h, long kernel_w, long stride,
                           long pad, long dilation, int options, ck_activation activation) {
  ck_depthwise2d a = {.batch = batch, .in_h = in_h, .in_w = in_w, .channels = channels, .kernel_h = kernel_h,
                      .kernel_w = kernel_w, .stride_h = stride, .stride_w = stride, .pad_h = pad, .pad_w = pad,
                      .dilation_h = dilation, .dilation_w = dilation, .activation = activation};
  a.out_h = output_size(in_h, kernel_h, stride, pad, dilation);
  a.out_w = output_size(in_w, kernel_w, stride, pad, dilation);
  const long count = batch * a.out_h * a.out_w * channels;
  a.input = floats(batch * in_h * in_w * channels, 1.0f);
  a.weights = floats(kernel_h * kernel_w * channels, 1.0f);
  if (options & (BIAS | SCALE)) a.bias = floats(channels, 1.0f);
  if (options & SCALE) a.scale = floats(channels, 1.5f);
  a.output = room(count);
  double *const expected = doubles(count);
  for (long i = 0; i < count; i++) {
    const long c = i % channels, x = i / channels % a.out_w, y = i / channels / a.out_w % a.out_h;
    const long image = i / channels / a.out_w / a.out_h;
    double sum = 0;
    for (long tap = 0; tap < kernel_h * kernel_w; tap++) {
      const long iy = y * stride + tap / kernel_w * dilation - pad, ix = x * stride + tap % kernel_w * dilation - pad;
      if (iy >= 0 && iy < in_h && ix >= 0 && ix < in_w)
        sum += (double)a.input[((image * in_h + iy) * in_w + ix) * channels + c] *
               (double)a.weights[tap * channels + c];
    }
    if (a.scale) sum *= (double)a.scale[c];
    if (a.bias) sum += (double)a.bias[c];
    expected[i] = activated(activation, sum);
  }
  job j = {.operation = RUN_depthwise2d_run, .args = &a, .output = a.output, .count = count, .expected = expected,
           .tolerance = 8 + (double)(kernel_h * kernel_w) / 2, .portable = 8 + (double)(kernel_h * kernel_w) / 2};
  check(&j, "%ldx%ldx%ldx%ld kernel %ldx%ld stride %ld pad %ld dilation %ld options %d activation %d", batch, in_h,
        in_w, channels, kernel_h, kernel_w, stride, pad, dilation, options, activation);
  release();
}

// y[m][n] = activation(x[m][k] W^T + bias), W [n][k].
static double *product_of(const double *x, const double *w, const float *bias, long m, long n, long k,
                          ck_activation activation) {
  double *const y = doubles(m * n);
  for (long i = 0; i < m * n; i++) {
    double sum = (double)bias[i % n];
    for (long j = 0; j < k; j++) sum += x[i / n * k + j] * w[i % n * k + j];
    y[i] = activated(activation, sum);
  }
  return y;
}

// Three layers with ReLU6 between them, so that the last one sums up to 96 products of up to 6.
static void inverted_residual_case(long side, long channels, long inner, long outputs, long kernel, long stride,
                                   int expands, int projects) {
  const long out_side = (side - 1) / stride + 1, wide = expands ? inner : channels, pixels = side * side;
  const long out_pixels = out_side * out_side, count = out_pixels * (projects ? outputs : wide);
  const float *const input = floats(pixels * channels, 1.0f), *const taps = floats(kernel * kernel * wide, 0.3f);
  const weights expand = make_weights(1, wide, channels, 1, CK_FORM_F32);
  const weights project = make_weights(1, outputs, wide, 1, CK_FORM_F32);
  const float *const bias = floats(wide, 0.5f), *const middle = floats(wide, 0.5f), *const last = floats(outputs, 0.5f);
  ck_inverted_residual a = {
      .depthwise = {.batch = 1, .in_h = side, .in_w = side, .out_h = out_side, .out_w = out_side, .channels = wide,
                    .kernel_h = kernel, .kernel_w = kernel, .stride_h = stride, .stride_w = stride,
                    .pad_h = kernel / 2, .pad_w = kernel / 2, .dilation_h = 1, .dilation_w = 1, .input = input,
                    .weights = taps, .bias = middle, .activation = CK_ACT_RELU6}};
  float *const output = room(count);
  a.depthwise.output = output;
  if (expands)
    a.expand = (ck_gemm){.n = wide, .k = channels, .a = input, .lda = channels, .b = expand.packed,
                         .epilogue = {.bias = bias, .activation = CK_ACT_RELU6}};
  if (projects)
    a.project = (ck_gemm){.n = outputs, .k = wide, .b = project.packed, .c = output, .ldc = outputs,
                          .epilogue = {.bias = last}};
  double *x = doubles(pixels * channels);
  for (long i = 0; i < pixels * channels; i++) x[i] = (double)input[i];
  if (expands) x = product_of(x, expand.values, bias, pixels, wide, channels, CK_ACT_RELU6);
  double *y = doubles(out_pixels * wide);
  for (long i = 0; i < out_pixels * wide; i++) {
    const long c = i % wide, at_x = i / wide % out_side * stride - kernel / 2;
    const long at_y = i / wide / out_side * stride - kernel / 2;
    double sum = (double)middle[c];
    for (long tap = 0; tap < kernel * kernel; tap++) {
      const long iy = at_y + tap / kernel, ix = at_x + tap % kernel;
      if (iy >= 0 && iy < side && ix >= 0 && ix < side)
        sum += x[(iy * side + ix) * wide + c] * (double)taps[tap * wide + c];
    }
    y[i] = activated(CK_ACT_RELU6, sum);
  }
  if (projects) y = product_of(y, project.values, last, out_pixels, outputs, wide, CK_ACT_NONE);
  job j = {.operation = RUN_inverted_residual_run, .args = &a, .output = output, .count = count, .expected = y,
           .scratch = ck_inverted_residual_scratch(&a), .tolerance = 512, .portable = 1024};
  check(&j, "%ldx%ldx%ld to %ld to %ld, kernel %ld stride %ld, expands %d, projects %d", side, side, channels, inner,
        outputs, kernel, stride, expands, projects);
  release();
}

void convolution_cases(void) {
  static const shape shapes[] = {
      {1, 6, 7, 3, 40, 1, 3, 3, 1, 1, 1, 1, 1, 1},    {2, 9, 9, 3, 33, 1, 7, 7, 2, 2, 3, 3, 1, 1},
      {1, 5, 5, 40, 31, 1, 1, 1, 1, 1, 0, 0, 1, 1},   {2, 7, 6, 20, 16, 1, 1, 1, 2, 2, 0, 0, 1, 1},
      {1, 8, 9, 12, 24, 4, 3, 3, 1, 1, 1, 1, 1, 1},   {1, 9, 8, 66, 70, 2, 3, 3, 2, 1, 1, 2, 1, 1},
      {1, 11, 10, 5, 7, 1, 3, 3, 1, 1, 2, 2, 2, 2},   {1, 9, 13, 8, 9, 1, 2, 5, 3, 2, 0, 4, 2, 1},
      {1, 9, 9, 17, 33, 1, 3, 3, 1, 1, -1, -2, 1, 1}, {1, 3, 3, 4, 4, 1, 5, 5, 1, 1, 4, 4, 1, 1},
      {3, 1, 40, 6, 34, 1, 1, 10, 1, 5, 0, 0, 1, 1},  {1, 1, 30, 32, 32, 16, 1, 9, 1, 1, 0, 4, 1, 1},
      {1, 4, 4, 200, 33, 1, 3, 3, 1, 1, 1, 1, 1, 1},  {1, 24, 24, 2, 3, 1, 3, 3, 1, 1, 1, 1, 1, 1},
      {1, 5, 4, 90, 20, 1, 1, 4, 1, 1, 0, 2, 1, 1},   {1, 2, 2, 1700, 5, 1, 2, 1, 1, 1, 1, 0, 1, 1},
  };
  for (int i = 0; i < 16; i++)
    for (int form = CK_FORM_F32; form <= CK_FORM_I8; form++) {
      const int turn = 3 * i + form;
      convolution_case(RUN_conv2d_run, shapes[i], (ck_form)form, turn % EPILOGUES, (ck_activation)(turn % ACTIVATIONS),
                       turn % 4 == 3 ? 5 : 0, turn % 5 == 4 ? 2 : 1);
    }
  static const shape tiled[] = {
      {1, 1, 1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1},  {1, 4, 4, 5, 33, 1, 3, 3, 1, 1, 1, 1, 1, 1},
      {2, 7, 5, 16, 32, 1, 3, 3, 1, 1, 0, 1, 1, 1}, {1, 9, 10, 33, 70, 1, 3, 3, 1, 1, 2, 2, 1, 1},
      {3, 6, 6, 32, 40, 1, 3, 3, 1, 1, 1, 1, 1, 1}, {1, 15, 17, 48, 16, 1, 3, 3, 1, 1, 1, 0, 1, 1},
  };
  for (int i = 0; i < 36; i++)
    convolution_case(RUN_winograd_run, tiled[i % 6], i % 3 == 2 ? CK_FORM_BF16 : CK_FORM_F32, i * 5 % EPILOGUES,
                     (ck_activation)(i % ACTIVATIONS), i % 4 == 3 ? 3 : 0, i % 5 == 4 ? 2 : 1);
  static const long layers[][2] = {{1, 1}, {5, 33}, {16, 32}, {33, 70}};
  for (int i = 0; i < 8; i++) winograd_kernels_case(layers[i % 4][0], layers[i % 4][1], 3 - i / 4);
  static const shape phases[] = {
      {1, 1, 1, 1, 1, 1, 2, 2, 1, 1, 1, 1, 1, 1},  {1, 4, 4, 5, 33, 1, 2, 2, 1, 1, 0, 0, 1, 1},
      {2, 7, 5, 16, 32, 1, 2, 2, 1, 1, 0, 1, 1, 1}, {1, 15, 17, 48, 70, 1, 2, 2, 1, 1, 1, 0, 1, 1},
  };
  for (int i = 0; i < 24; i++)
    convolution_case(RUN_winograd_run, phases[i % 4], CK_FORM_F32, i * 5 % EPILOGUES, (ck_activation)(i % ACTIVATIONS),
                     i % 4 == 3 ? 3 : 0, i % 5 == 4 ? 2 : 1);
  static const shape lines[] = {
      {1, 1, 3, 32, 1, 1, 1, 3, 1, 2, 0, 0, 1, 1},  {2, 1, 8, 32, 33, 1, 1, 3, 1, 2, 0, 0, 1, 1},
      {1, 1, 61, 64, 70, 1, 1, 3, 1, 2, 0, 0, 1, 1}, {3, 1, 100, 96, 16, 1, 1, 3, 1, 2, 0, 0, 1, 1},
  };
  for (int i = 0; i < 16; i++)
    convolution_case(RUN_winograd_line_run, lines[i % 4], CK_FORM_F32, i * 5 % EPILOGUES,
                     (ck_activation)(i % ACTIVATIONS), i % 4 == 3 ? 3 : 0, i % 5 == 4 ? 2 : 1);
  static const long channels[] = {1, 15, 16, 17, 24, 40, 64, 128, 130};
  static const long kernels[][4] = {{3, 3, 1, 1}, {3, 3, 2, 1}, {5, 5, 1, 2}, {5, 5, 2, 2}, {7, 7, 1, 3}, {2, 4, 1, 1},
                                    {3, 3, 3, 0}, {7, 7, 2, 3}};
  int i = 0;
  for (int c = 0; c < 9; c++)
    for (int k = 0; k < 8; k++, i++)
      depthwise_case(1 + i % 2, 7 + i % 3, 7 + i * 5 % 19, channels[c], kernels[k][0], kernels[k][1], kernels[k][2],
                     kernels[k][3], 1, i % 4, (ck_activation)(i % ACTIVATIONS));
  depthwise_case(1, 12, 31, 33, 3, 3, 1, 2, 2, BIAS, CK_ACT_NONE);
  depthwise_case(1, 2, 3, 32, 7, 7, 1, 3, 1, SCALE, CK_ACT_RELU6);
  for (int variant = 1; variant < 4; variant++)
    for (int kernel = 3; kernel <= 5; kernel += 2)
      for (int stride = 1; stride <= 2; stride++) {
        inverted_residual_case(20, 9, 70, 12, kernel, stride, variant & 1, variant & 2);
        inverted_residual_case(70, 20, 96, 33, kernel, stride, variant & 1, variant & 2);
      }
}
