// Matrix products: an output is one chain over k, whatever the tile, the panel, the pass and the part.
#include "weights.h"

weights make_weights(long groups, long n, long channels, long taps, ck_form form) {
  const long k = channels * taps, packed = (long)ck_packed_floats(n, k, form);
  double *const values = doubles(groups * n * k);
  weights w = {values, block(sizeof(float) * (size_t)(groups * packed)), floats(groups * n * k, 1.0f)};
  for (long row = 0; row < groups * n; row++) {
    const float *const x = w.source + row * k;
    float most = 0;
    for (long i = 0; i < k; i++) most = fmaxf(most, fabsf(x[i]));
    const float scale = most / 127.0f, inverse = scale > 0 ? 1.0f / scale : 0;
    for (long i = 0; i < k; i++) {
      float v = x[i];
      if (form == CK_FORM_BF16) v = from_bfloat(to_bfloat(v));
      if (form == CK_FORM_I8) v = rintf(v * inverse) * scale;
      values[row * k + i % taps * channels + i / taps] = (double)v;
    }
  }
  for (long g = 0; g < groups; g++) {
    const ck_pack p = {.packed = w.packed + g * packed, .n = n, .k = k, .rows = n, .channels = channels, .taps = taps,
                       .source = w.source + g * n * k, .storage = CK_STORE_F32, .form = form};
    ck_pack_weights(tested, &p);
  }
  return w;
}

ck_epilogue make_epilogue(int options, ck_activation activation, long n, long groups, float *output, long count) {
  // Vectors are as long as the outputs are, rounded up.
  const long length = (n * groups + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
  ck_epilogue e = {.activation = activation};
  if (options & (BIAS | SCALE)) e.bias = floats(length, 1.0f);
  if (options & SCALE) e.scale = floats(length, 1.5f);
  if (options & IN_PLACE) {
    memcpy(output, floats(count, 1.0f), sizeof(float) * (size_t)count);
    e.residual = output;
  } else if (options & RESIDUAL) e.residual = floats(count, 1.0f);
  return e;
}
double finished(const ck_epilogue *e, const float *initial, double sum, long n, long at) {
  if (e->scale) sum *= (double)e->scale[n];
  if (e->bias) sum += (double)e->bias[n];
  if (e->residual) sum += (double)initial[at];
  return activated(e->activation, sum);
}

static void gemm_case(long m, long n, long k, ck_form form, int options, ck_activation activation) {
  const long lda = k + m % 3, ldc = n + m % 2 * 5, count = (m - 1) * ldc + n;
  const weights w = make_weights(1, n, k, 1, form);
  float *const output = room(count);
  double *const expected = doubles(count);
  ck_gemm args = {.m = m, .n = n, .k = k, .a = floats(m * lda, 1.0f), .lda = lda, .b = w.packed, .c = output,
                  .ldc = ldc, .epilogue = make_epilogue(options, activation, n, 1, output, count), .form = form};
  for (long i = 0; i < count; i++) expected[i] = NAN; // between the rows nothing is written
  for (long r = 0; r < m; r++)
    for (long c = 0; c < n; c++) {
      double sum = 0;
      for (long i = 0; i < k; i++) sum += (double)args.a[r * lda + i] * w.values[c * k + i];
      expected[r * ldc + c] = finished(&args.epilogue, args.epilogue.residual, sum, c, r * ldc + c);
    }
  if (options & IN_PLACE)
    for (long i = 0; i < count; i++)
      if (i % ldc >= n) expected[i] = (double)output[i];
  job j = {.operation = RUN_gemm_run, .args = &args, .scratch = ck_gemm_scratch(&args), .output = output,
           .count = count, .expected = expected, .tolerance = 8 + (double)k / 2, .portable = 64};
  check(&j, "%ldx%ldx%ld form %d epilogue %d activation %d", m, n, k, form, options, activation);
  release();
}

// Rows of A as integers 0 ... 255 less their zero point, and their scale; the weights' integers and scales likewise.
static void int8_gemm_case(long m, long n, long k, int options, ck_activation activation, int is_special) {
  const long lda = k + m % 3, ldc = n + m % 2 * 5, count = (m - 1) * ldc + n;
  const weights w = make_weights(1, n, k, 1, CK_FORM_I8);
  float *const output = room(count), *const a = is_special ? specials(m * lda, 1.0f) : floats(m * lda, 1.0f);
  double *const expected = doubles(count);
  ck_gemm args = {.m = m, .n = n, .k = k, .a = a, .lda = lda, .b = w.packed, .c = output, .ldc = ldc,
                  .epilogue = make_epilogue(options, activation, n, 1, output, count), .form = CK_FORM_I8};
  for (long i = 0; i < count; i++) expected[i] = NAN;
  for (long r = 0; r < m && !is_special; r++) {
    float low = 0, high = 0;
    for (long i = 0; i < k; i++) low = fminf(low, a[r * lda + i]), high = fmaxf(high, a[r * lda + i]);
    const float scale = (high - low) / 255.0f, inverse = scale > 0 ? 1.0f / scale : 0;
    const float zero = fminf(rintf(-low * inverse), 255.0f);
    for (long c = 0; c < n; c++) {
      float most = 0;
      for (long i = 0; i < k; i++) most = fmaxf(most, fabsf(w.source[c * k + i]));
      const float factor = most / 127.0f, unit = factor > 0 ? 1.0f / factor : 0;
      double sum = 0;
      for (long i = 0; i < k; i++) {
        const float q = fminf(fmaxf(rintf(a[r * lda + i] * inverse) + zero, 0), 255.0f) - zero;
        sum += (double)q * (double)rintf(w.source[c * k + i] * unit);
      }
      sum = (double)((float)sum * (factor * scale));
      expected[r * ldc + c] = finished(&args.epilogue, args.epilogue.residual, sum, c, r * ldc + c);
    }
  }
  if (options & IN_PLACE)
    for (long i = 0; i < count; i++)
      if (i % ldc >= n) expected[i] = (double)output[i];
  job j = {.operation = RUN_int8_gemm_run, .args = &args, .scratch = ck_int8_gemm_scratch(&args), .output = output,
           .count = count, .expected = is_special ? 0 : expected, .tolerance = 16, .portable = 8};
  check(&j, "%ldx%ldx%ld epilogue %d activation %d%s", m, n, k, options, activation, is_special ? " special" : "");
  release();
}
static void int8_product_cases(void) {
  static const long outputs[] = {1, 16, 31, 33, 64, 70, 97}, inputs[] = {1, 2, 3, 17, 33, 64, 130};
  for (int m = 1; m <= 14; m++)
    for (int n = 0; n < 7; n++)
      int8_gemm_case(m, outputs[n], inputs[(m + n) % 7], (m * 7 + n) % EPILOGUES, (ck_activation)((m + n) % 3), 0);
  int8_gemm_case(3, 40, 2600, BIAS, CK_ACT_NONE, 0);
  int8_gemm_case(40, 33, 4096, BIAS | SCALE | RESIDUAL, CK_ACT_RELU, 0);
  int8_gemm_case(9, 33, 50, BIAS, CK_ACT_NONE, 1);
}

void product_cases(void) {
  int8_product_cases();
  static const long outputs[] = {1, 16, 31, 33, 64, 70, 97}, inputs[] = {1, 2, 17, 33, 64};
  int i = 0;
  for (long m = 1; m <= 14; m++)
    for (int n = 0; n < 7; n++, i++)
      gemm_case(m, outputs[n], inputs[i % 5], (ck_form)(i % 3), i / 3 % EPILOGUES, (ck_activation)(i % ACTIVATIONS));
  for (int activation = 0; activation < ACTIVATIONS; activation++)
    for (int options = 0; options < EPILOGUES; options += 3)
      gemm_case(5, 33, 9, CK_FORM_F32, options, (ck_activation)activation);
  // Long sums, of one pass and of several.
  for (int form = CK_FORM_F32; form <= CK_FORM_I8; form++) {
    gemm_case(1, 33, 1025, (ck_form)form, BIAS, CK_ACT_NONE);
    gemm_case(3, 70, 1025, (ck_form)form, 0, CK_ACT_NONE);
    gemm_case(7, 40, 1600, (ck_form)form, BIAS | SCALE | RESIDUAL, CK_ACT_GELU);
    gemm_case(14, 33, 2600, (ck_form)form, IN_PLACE, CK_ACT_NONE);
  }
  // More rows than a block has, more panels than are kept between passes.
  gemm_case(152, 3, 1100, CK_FORM_F32, BIAS, CK_ACT_RELU);
  gemm_case(4, 780, 1540, CK_FORM_F32, BIAS, CK_ACT_NONE);
  gemm_case(65, 130, 40, CK_FORM_F32, BIAS | SCALE, CK_ACT_SILU);
}
