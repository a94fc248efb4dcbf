// Sizes that depend on the shape alone: packed weights and the scratch of a part.
#include "blocking.h"

size_t ck_packed_floats(long n, long k, ck_form form) {
  return (size_t)div_up(n, CK_PANEL) * (size_t)panel_floats(k, form);
}
size_t ck_winograd_packed_floats(long out_c, long in_c) { return 16 * ck_packed_floats(out_c, in_c, CK_FORM_BF16); }
size_t ck_winograd_line_packed_floats(long out_c, long in_c, ck_form form) {
  return ck_packed_floats(out_c, 5 * in_c, form);
}

size_t ck_gemm_scratch(const ck_gemm *args) {
  return plan_gemm(args->m, args->n, args->k, args->form).bytes;
}
size_t ck_int8_gemm_scratch(const ck_gemm *args) { return plan_int8(args->m, args->k).bytes; }
size_t ck_conv2d_scratch(const ck_conv2d *args) { return plan_conv(args).bytes; }
size_t ck_inverted_residual_scratch(const ck_inverted_residual *args) {
  return args->in_pairs ? plan_pair_bands(args).bytes : plan_bands(args).bytes;
}
int ck_inverted_residual_fits_pairs(const ck_inverted_residual *args) { return fits_pairs(args); }
size_t ck_winograd_scratch(const ck_conv2d *args) { return plan_winograd(args).bytes; }
size_t ck_winograd_line_scratch(const ck_conv2d *args) { return plan_line(args).bytes; }
