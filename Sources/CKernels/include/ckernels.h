// The compute kernels: one translation unit an instruction-set tier, one entry point an operation.
//
// Conventions that hold for every operation
// - Activations are channels-last fp32: [image][row][column][channel]; "ld" is the distance between two pixels (or rows
//   of a matrix) in floats, everything else is dense unless a stride says otherwise.
// - `ck_<op>(tier, args, part, parts, scratch)` does share `part` of `parts` of the operation. The caller runs the
//   parts on as many threads as it likes; kernels start no thread and allocate nothing. `scratch` is private to the
//   part, 64-byte aligned, `ck_<op>_scratch(args)` bytes long (no such function: scratch is ignored and may be NULL).
// - Inputs and outputs do not overlap unless the contract says "in place".
// - fp32 results do not depend on `parts`, on the batch size, or on whether the tier is NEON, AVX2 or AVX-512: an
//   output of a matrix product is ONE chain of fused multiply-adds over k in increasing order, and every other
//   reduction has a shape fixed by hand (16 partial sums, then a fixed tree). Processors differ in the bits of a NaN
//   they make, and in what is below 2^-126 but would round to it: x86-64 rounds first and keeps it, arm64 makes it 0.
// - Operations with parts compute in a floating-point state of their own (round to nearest, denormal numbers count as
//   zeros) and leave the caller's as they found it.
// - All sizes are >= 0; a size of 0 does nothing. Arguments are the caller's promise: nothing is checked here.
#ifndef CKERNELS_H
#define CKERNELS_H
#include <stddef.h>
#include <stdint.h>

typedef enum __attribute__((enum_extensibility(closed))) ck_tier {
  CK_PORTABLE = 0,
  CK_NEON = 1,
  CK_AVX2 = 2,        // AVX2 + FMA + F16C
  CK_AVX2_VNNI = 3,   // and AVX-VNNI, for products of eight-bit integers; all else is that of CK_AVX2
  CK_AVX512 = 4,      // AVX-512 F, BW, VL, DQ
  CK_AVX512_VNNI = 5, // and AVX-512 VNNI, likewise
  CK_AVX512_BF16 = 6, // and AVX512-BF16, for products and convolutions by weights in bf16
} ck_tier;

/// 1 where this build has the tier and this CPU (and its operating system) can run it.
int ck_tier_supported(ck_tier tier);
/// 1 where the tier is also the faster one of itself and those before it: Intel's CPUs take longer for a vdpbf16ps than
/// for the two multiply-adds that it stands for.
int ck_tier_preferred(ck_tier tier);

typedef enum __attribute__((enum_extensibility(closed))) ck_activation {
  CK_ACT_NONE = 0,
  CK_ACT_RELU,
  CK_ACT_RELU6,
  CK_ACT_GELU,       // x/2 (1 + erf(x / sqrt 2))
  CK_ACT_GELU_TANH,  // x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
  CK_ACT_QUICK_GELU, // x sigmoid(1.702 x)
  CK_ACT_SILU,       // x sigmoid(x)
  CK_ACT_SIGMOID,
  CK_ACT_TANH,
  CK_ACT_HARDSWISH,   // x relu6(x + 3) / 6
  CK_ACT_HARDSIGMOID, // relu6(x + 3) / 6
  CK_ACT_LEAKY_RELU,  // max(x, 0.2 x)
} ck_activation;

typedef enum __attribute__((enum_extensibility(closed))) ck_storage {
  CK_STORE_F32 = 0,
  CK_STORE_F16,
  CK_STORE_BF16,
  CK_STORE_I8, // integers
} ck_storage;

/// How a packed weight is stored. Products widen what is narrower to fp32, panel by panel as they go, and compute with
/// the bits that widened weights would give; but for ck_int8_gemm, which multiplies integers, and for bf16 on
/// CK_AVX512_BF16, where what is multiplied by the weights is rounded to bf16, too, and pairs of products are summed in
/// fp32 (as independent of batch and parts, but with bits of that tier's own).
typedef enum __attribute__((enum_extensibility(closed))) ck_form {
  CK_FORM_F32 = 0,
  CK_FORM_BF16, // rounded to the nearest, ties to even
  CK_FORM_I8,   // w = i * scale, i of -127 ... 127 to the nearest, the scale of an output its largest magnitude / 127
} ck_form;

/// What happens to a finished sum before it is stored: y = activation(sum * scale[n] + bias[n] + residual[m][n]), the
/// first two fused. A batch norm is scale and bias: folded into the weights instead, its factors would round every
/// weight.
///
/// Layers that multiply brain floats may hand their values on as such: where `in_pairs`, `residual_pairs` or
/// `out_pairs`, two bf16 take the place of a float. CK_AVX512_BF16 alone does that, for ck_gemm_run, ck_conv2d_run,
/// ck_winograd_run and ck_inverted_residual_run by weights in bf16, of one group, dense outputs and (but for
/// Winograd's, any) an activation of CK_ACT_NONE, RELU, RELU6 or HARDSWISH. Such inputs have a multiple of 32 channels,
/// those of products and 1x1 convolutions an even number. Strides of an input are floats, those of an output values. A
/// product's input is rounded to bf16 anyway: handed on so it gives the same bits.
typedef struct ck_epilogue {
  const float *bias;     // [N rounded up to 32] or NULL
  const float *residual; // laid out as the output, or NULL; may BE the output
  ck_activation activation;
  const float *scale;    // [N rounded up to 32] or NULL; where there is one, there is a bias
  int residual_pairs, out_pairs; // whether the residual's and the output's values are bf16
} ck_epilogue;

// ---- packed weights -------------------------------------------------------------------------------------------------
// A matrix of N outputs by K inputs is stored as panels of 32 outputs, k-major, the last panel padded with zeros:
//   panel p:  k = 0: w[32p][0] w[32p+1][0] ... w[32p+31][0];  k = 1: ...      panel stride = 32 K floats
// One format serves every tier (narrow tiles read halves of a panel). In bf16 two k of an output lie side by side:
// w[32p][0..1] w[32p+1][0..1] ... w[32p+31][0..1]; w[32p][2..3] ... In int8 a panel begins with the scales of its
// outputs as floats and the sums of their integers as int32; then come four k of an output side by side: w[32p][0..3]
// w[32p+1][0..3] ...; w[32p][4..7] ... Where k is no multiple of two or four, zeros take the places that are left.
enum { CK_PANEL = 32 };

/// Room in floats for the packed form of an N x K matrix.
size_t ck_packed_floats(long n, long k, ck_form form);

/// Writes rows `row .. row + rows` of a packed N x K matrix from a weight of shape [rows][channels][taps]
/// (K = channels * taps; a linear layer has taps = 1; a convolution's taps are kernel_h * kernel_w).
/// In the packed form k = tap * channels + channel, so that the taps of a pixel are contiguous runs of channels.
typedef struct ck_pack {
  float *packed;   // the whole matrix, from ck_packed_floats
  long n, k;       // its size
  long row, rows;  // rows to write; where row + rows == n the padding of the last panel is zeroed too
  long channels, taps;
  const void *source; // [rows][channels][taps], any alignment
  ck_storage storage;
  const float *scale; // [rows] factor per row (a folded batch norm), or NULL
  ck_form form;       // of the packed matrix
} ck_pack;
void ck_pack_weights(ck_tier tier, const ck_pack *args);

/// dst[i] = (float)src[i] for n elements of any alignment.
void ck_to_float(ck_tier tier, float *dst, const void *src, ck_storage storage, long n);

// ---- matrix product -------------------------------------------------------------------------------------------------
/// C[m][n] = epilogue(sum_k A[m][k] B[n][k]).
typedef struct ck_gemm {
  long m, n, k;
  const float *a;
  long lda;
  const float *b; // packed
  float *c;
  long ldc; // also the residual's
  ck_epilogue epilogue;
  ck_form form; // of b
  int in_pairs; // whether a's values are bf16
  const float *gate; // [.., k]: what a's values are multiplied by, gate_rows rows by the same; NULL: nothing. For
  long gate_rows;    // CK_AVX512_BF16, which rounds fp32 values as it reads them, and b in bf16
} ck_gemm;
size_t ck_gemm_scratch(const ck_gemm *args);
void ck_gemm_run(ck_tier tier, const ck_gemm *args, int part, int parts, void *scratch);

/// The same by weights in int8, computed in integers. Each row of A is quantised as it is read: a = scale (q - zero), q
/// of 0 ... 255, to the nearest, ties to even, with scale = (max(a, 0) - min(a, 0)) / 255 and zero = -min(a, 0) / scale
/// rounded (Jacob et al. 2017, arXiv:1712.05877, section 2.1). The sums of (q - zero) w are exact, so that every tier
/// has the same bits; then sum * (scale of the row * scale of the output) is what the epilogue is given. A row with a
/// value that is not finite gives NaN. k <= CK_INT8_TERMS.
enum { CK_INT8_TERMS = 32768 };
size_t ck_int8_gemm_scratch(const ck_gemm *args);
void ck_int8_gemm_run(ck_tier tier, const ck_gemm *args, int part, int parts, void *scratch);

// ---- convolution ----------------------------------------------------------------------------------------------------
/// A 2-D convolution as an implicit GEMM: patches are addressed in place, never materialised.
/// Input pixel of output (y, x) and tap (i, j): row y*stride_h + i*dilation_h - pad_h, column alike; outside = 0.
/// pad_* may be negative. 1-D: height 1. Grouped: group g reads channels g*in_c/groups.. and its own packed matrix
/// of out_c/groups rows, the matrices one after another (ck_packed_floats apart).
/// The output's pixel (y, x) of image b lies at output + b*out_image + y*out_row + x*out_col, so that a phase of a
/// transposed convolution can write every other pixel. The residual has the same strides.
typedef struct ck_conv2d {
  long batch, in_h, in_w, in_c, out_h, out_w, out_c, groups;
  long kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
  const float *input;
  long in_image, in_row, in_col; // strides in floats; channels are contiguous
  const float *weights;          // packed
  float *output;
  long out_image, out_row, out_col;
  ck_epilogue epilogue;
  ck_form form; // of the weights; Winograd's are fp32 or bf16
  float *transformed; // of ck_winograd_run, which see
  int in_pairs; // whether the input's values are bf16
  const float *gate; // [batch][in_c] of a dense 1x1 convolution without padding, as ck_gemm's; NULL: none
} ck_conv2d;
size_t ck_conv2d_scratch(const ck_conv2d *args);
void ck_conv2d_run(ck_tier tier, const ck_conv2d *args, int part, int parts, void *scratch);

/// The same 3x3 or 2x2, stride 1, dilation 1, one-group convolution by Winograd's algorithm: other bits than the direct
/// form, but as independent of batch, parts and tier. Weights in fp32 are packed like the direct form's: 3x3 kernels go
/// by F(4x4, 3x3), four times fewer multiplications, a rounding error about twice that of the direct form; 2x2 ones by
/// F(2x2, 2x2), 16/9 times fewer. Weights in bf16, of 3x3 kernels only, go by F(2x2, 3x3): 2.25 times fewer; they are
/// ck_winograd_pack's, 16 packed out_c x in_c matrices, multiplied as a product's (see ck_form).
size_t ck_winograd_packed_floats(long out_c, long in_c);
/// Transforms rows `row .. row+rows` of a [out_c][in_c][3][3] weight into bf16 (ck_pack: taps = 9, n = out_c,
/// k = 9 in_c).
void ck_winograd_pack(ck_tier tier, const ck_pack *args);
size_t ck_winograd_scratch(const ck_conv2d *args);
void ck_winograd_run(ck_tier tier, const ck_conv2d *args, int part, int parts, void *scratch);
/// Floats of room for kernels in fp32 that are better transformed before, in `transformed` by ck_winograd_kernels_run;
/// 0 where each of the parts had better transform those that it multiplies. The result has the same bits.
size_t ck_winograd_kernels_floats(const ck_conv2d *args, int parts);
void ck_winograd_kernels_run(ck_tier tier, const ck_conv2d *args, int part, int parts, void *scratch);

/// A 1-D convolution of three taps and stride 2 (in_h, out_h, kernel_h 1; one group, no padding, dilation 1; in_c a
/// multiple of 32) by Winograd's F(2, 2) of the inputs in even places: five sixths of the multiplications. Other bits
/// than the direct form, but as independent of batch, parts and tier. `weights` are ck_winograd_line_pack's: a packed
/// matrix of out_c x 5 in_c, fp32 or bf16, the latter multiplied as a product's (see ck_form).
size_t ck_winograd_line_packed_floats(long out_c, long in_c, ck_form form);
/// Transforms rows `row .. row+rows` of a [out_c][in_c][3] weight (ck_pack: taps = 3, n = out_c, k = 3 in_c).
void ck_winograd_line_pack(ck_tier tier, const ck_pack *args);
size_t ck_winograd_line_scratch(const ck_conv2d *args);
void ck_winograd_line_run(ck_tier tier, const ck_conv2d *args, int part, int parts, void *scratch);

/// Depthwise convolution: channel c of the output from channel c of the input. Taps outside the input are left out.
/// Weights: [kernel_h * kernel_w][channels]. y = activation(sum * scale[c] + bias[c]), fused; bias and scale [channels]
/// or NULL; where there is a scale, there is a bias.
typedef struct ck_depthwise2d {
  long batch, in_h, in_w, out_h, out_w, channels;
  long kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
  const float *input, *weights, *bias;
  float *output;
  ck_activation activation;
  const float *scale;
} ck_depthwise2d;
void ck_depthwise2d_run(ck_tier tier, const ck_depthwise2d *args, int part, int parts, void *scratch);

/// An inverted residual (MobileNetV2): a 1x1 convolution, a depthwise one and another 1x1 one, a few rows at a time, so
/// that what lies between them stays in the second-level cache. The bits are those of one after the other.
/// The first or the last convolution may be missing: its `n` is 0 then. `expand` reads the input's pixels, image by
/// image; its m, c and ldc are not used. `depthwise` reads its own input only where nothing is expanded, and writes its
/// own output only where nothing is projected. `project` writes c and reads its residual; its m, a and lda are unused.
/// Where `in_pairs`, on CK_AVX512_BF16 alone and where ck_inverted_residual_fits_pairs, what is expanded and the
/// depthwise convolution's weights are rounded to bf16, and pairs of its products summed in fp32: kernel row by kernel
/// row, pixels of a pair that begins with an even column. There `stem`, if its kernel_h is not 0, takes the place of
/// the first 1x1 convolution: the first layer of a network, of few channels. Its outputs, terms, weights, form and
/// epilogue are expand's; its own are not used, and neither are expand's a and lda.
/// The input of `expand`, the output and the residual of `project` may be bf16 as other products' may.
typedef struct ck_inverted_residual {
  ck_gemm expand;
  ck_depthwise2d depthwise;
  ck_gemm project;
  int in_pairs;
  ck_conv2d stem;
} ck_inverted_residual;
int ck_inverted_residual_fits_pairs(const ck_inverted_residual *args);
size_t ck_inverted_residual_scratch(const ck_inverted_residual *args);
void ck_inverted_residual_run(ck_tier tier, const ck_inverted_residual *args, int part, int parts, void *scratch);

// ---- attention ------------------------------------------------------------------------------------------------------
/// out = softmax(scale q k^T + bias + mask) v, online over blocks of keys; no queries x keys matrix is stored.
/// Element (image b, head h, token t, dimension d) of q lies at q + b*q_batch + h*q_head + t*q_row + d; k, v, out
/// alike. Masks: causal (key j is seen by query i when j <= i + keys - queries), key_lengths (keys at or past it are
/// unseen), bias (added to the scaled scores; -INFINITY hides). A query that sees no key gives zeros.
/// Where there are position keys p (self-attention: queries == keys), scale (q + query_bias) k + scale (q +
/// position_bias) p takes the place of scale q k: query i and key j meet row queries - 1 - i + j of p.
/// Where `form`, that of the weights around it, is no fp32 and there are no position keys, CK_AVX512_BF16 rounds scaled
/// queries, keys, softmax's weights and values to bf16 and sums pairs of products in fp32.
typedef struct ck_attention {
  long batch, heads, queries, keys, head_dim;
  const float *q, *k, *v;
  float *out;
  long q_batch, q_head, q_row, k_batch, k_head, k_row, v_batch, v_head, v_row, out_batch, out_head, out_row;
  float scale;
  int causal;
  const int32_t *key_lengths; // [batch] or NULL
  const float *bias;          // element (b, h, i, j) at bias + b*bias_batch + h*bias_head + i*bias_row + j, or NULL
  long bias_batch, bias_head, bias_row;
  // What the bias of query i is multiplied by: at bias_gate + b*gate_batch + h*gate_head + i*gate_row; NULL: 1.
  const float *bias_gate;
  long gate_batch, gate_head, gate_row;
  // [queries + keys - 1] rows, element (h, r, d) at position_keys + h*position_head + r*position_row + d; or NULL.
  const float *position_keys;
  long position_head, position_row;
  const float *query_bias, *position_bias; // [heads][head_dim], where there are position keys
  // Where there are places, the bias of query i and key j is at bias + h*bias_head + query_places[v*queries + i] +
  // key_places[v*keys + j] instead, v = place_variants[b % place_period].
  const int32_t *query_places, *key_places, *place_variants;
  long place_period;
  ck_form form;
} ck_attention;
size_t ck_attention_scratch(const ck_attention *args);
void ck_attention_run(ck_tier tier, const ck_attention *args, int part, int parts, void *scratch);

// ---- rows and channels ----------------------------------------------------------------------------------------------
/// Layer norm over each row of c values, population variance, two passes: (x - mean) / sqrt(var + eps) * gamma + beta.
/// rms: x / sqrt(mean(x^2) + eps) * gamma; then activation. gamma, beta: [c] or NULL. May work in place.
typedef struct ck_layer_norm {
  long rows, c, in_ld, out_ld;
  const float *input, *gamma, *beta;
  float *output;
  float eps;
  int rms;
  ck_activation activation;
} ck_layer_norm;
void ck_layer_norm_run(ck_tier tier, const ck_layer_norm *args, int part, int parts, void *scratch);

/// Group norm of dense [batch][pixels][c]: statistics over pixels and the c/groups channels of a group; then
/// activation. May work in place. Where there is an addend, x[b][p][c] + addend[b][c] is normalised; where there is a
/// modulation, a scale and a shift for each channel of each image, y (1 + scale) + shift is what is activated.
/// For pictures of which a part is normalised at a time: with `measured` only the statistics of a whole are found, with
/// `given` those are used instead of the input's own; the results have the same bits.
/// For many parts in two operations, of images of 129 pixels and more: the first one has `summed` and finds only sums,
/// of runs of 128 pixels; the second one has those in `sums` and does the rest. The results have the same bits.
typedef struct ck_group_norm {
  long batch, pixels, c, groups;
  const float *input, *gamma, *beta;
  float *output;
  float eps;
  ck_activation activation;
  const float *addend;     // [batch][c] or NULL
  const float *modulation; // [batch][2 c], all scales of an image before its shifts; or NULL
  double *measured;        // [batch][groups][2] means and variances; or NULL
  const double *given;     // likewise
  float *summed;           // [batch][runs][2][c] each channel's sum and squares about its mean; or NULL
  const float *sums;       // likewise
} ck_group_norm;
/// The floats of `summed` where so many parts are quicker with a group norm in two operations; else 0.
size_t ck_group_norm_split(const ck_group_norm *args, int parts);
void ck_group_norm_run(ck_tier tier, const ck_group_norm *args, int part, int parts, void *scratch);

/// y = activation(x * scale[c] + shift[c]); scale, shift or both may be NULL. Row r of c values lies at input +
/// r*in_ld, its result at output + r*c. May work in place where in_ld == c.
typedef struct ck_channel_affine {
  long rows, c, in_ld;
  const float *input, *scale, *shift;
  float *output;
  ck_activation activation;
} ck_channel_affine;
void ck_channel_affine_run(ck_tier tier, const ck_channel_affine *args, int part, int parts, void *scratch);

/// y[b][p][c] = x[b][p][c] * gate[b][c] + shift[c], fused, dense (squeeze-and-excitation, response norm); shift may be
/// NULL. May work in place.
typedef struct ck_channel_gate {
  long batch, pixels, c;
  const float *input, *gate;
  float *output;
  const float *shift;
} ck_channel_gate;
void ck_channel_gate_run(ck_tier tier, const ck_channel_gate *args, int part, int parts, void *scratch);

/// y[b][p][c] = activation(x[b][p][c] * scale[b][c] + (shift + noise[b][p] * noise_strength)), dense, cut off at limit
/// and -limit: what a network does that is told by image how to scale its channels. scale and noise may be NULL. The
/// shift of image b lies at shift + b*shift_image (0: the same for all), its noise at noise + b*noise_image. May work
/// in place.
typedef struct ck_image_affine {
  long batch, pixels, c;
  const float *input, *scale, *shift, *noise;
  long shift_image, noise_image;
  float noise_strength, limit;
  float *output;
  ck_activation activation;
} ck_image_affine;
void ck_image_affine_run(ck_tier tier, const ck_image_affine *args, int part, int parts, void *scratch);

/// What the halves of a gated unit become before they are multiplied.
typedef enum ck_gate {
  CK_GATE_SIGMOID, // a sigmoid(b)
  CK_GATE_SILU,    // a sigmoid(a) b
  CK_GATE_GELU,    // a gelu(b)
} ck_gate;

/// y[r][j] = gate(x[r][j], x[r][c + j]), dense: x of 2 c channels, y of c.
typedef struct ck_glu {
  long rows, c;
  const float *input;
  float *output;
  ck_gate gate;
} ck_glu;
void ck_glu_run(ck_tier tier, const ck_glu *args, int part, int parts, void *scratch);

/// y[b][r] = x[b][index[r]], rows of c values, zeros where the index is negative: dense [batch][in_rows][c] to
/// [batch][rows][c].
typedef struct ck_gather_rows {
  long batch, rows, in_rows, c;
  const int32_t *index; // [rows]
  const float *input;
  float *output;
} ck_gather_rows;
void ck_gather_rows_run(ck_tier tier, const ck_gather_rows *args, int part, int parts, void *scratch);

/// Rotates pairs of channels of dense [batch][tokens][heads][2 half]: (a, b) = channels (i, i + half) of a head become
/// (a cos - b sin, b cos + a sin), products rounded, with the cosines and sines [tokens][half] of the token.
typedef struct ck_rotate {
  long batch, tokens, heads, half;
  const float *input, *cosines, *sines;
  float *output;
} ck_rotate;
void ck_rotate_run(ck_tier tier, const ck_rotate *args, int part, int parts, void *scratch);

/// y = activation(a + b) for n values; b may be NULL. May work in place.
typedef struct ck_add {
  long n;
  const float *a, *b;
  float *output;
  ck_activation activation;
} ck_add;
void ck_add_run(ck_tier tier, const ck_add *args, int part, int parts, void *scratch);

/// Softmax of each row of c values; a row of -INFINITY gives zeros. May work in place.
typedef struct ck_softmax {
  long rows, c;
  const float *input;
  float *output;
} ck_softmax;
void ck_softmax_run(ck_tier tier, const ck_softmax *args, int part, int parts, void *scratch);

// ---- pooling and resampling -----------------------------------------------------------------------------------------
typedef enum __attribute__((enum_extensibility(closed))) ck_pool_kind {
  CK_POOL_MAX = 0,            // padding counts as -INFINITY
  CK_POOL_AVERAGE,            // divides by the window's pixels inside the input
  CK_POOL_AVERAGE_WITH_PAD,   // divides by the window's pixels inside the input and pad_h, pad_w around it
} ck_pool_kind;
/// Pools dense [batch][in_h][in_w][c]. The c values of output pixel p, all images' in order, lie at output + p*out_ld.
/// Where `pairs`, input and output are bf16, out_ld in values; for CK_POOL_MAX, which rounds nothing.
typedef struct ck_pool2d {
  long batch, in_h, in_w, out_h, out_w, c, out_ld;
  long kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
  const float *input;
  float *output;
  ck_pool_kind kind;
  int pairs;
} ck_pool2d;
void ck_pool2d_run(ck_tier tier, const ck_pool2d *args, int part, int parts, void *scratch);

/// output[b][c] = mean over pixels of dense [batch][pixels][c], 16 partial sums by pixel index modulo 16.
typedef struct ck_mean_pixels {
  long batch, pixels, c;
  const float *input;
  float *output;
} ck_mean_pixels;
void ck_mean_pixels_run(ck_tier tier, const ck_mean_pixels *args, int part, int parts, void *scratch);
/// The same arguments: output[b][c] = the square root of the sum of squares over pixels, summed in the same order.
void ck_length_pixels_run(ck_tier tier, const ck_mean_pixels *args, int part, int parts, void *scratch);

/// Separable resampling of dense [batch][in_h][in_w][c]: output row y is the weighted sum of row_taps input rows from
/// row_first[y] on, weights row_weight[y*row_taps ...]; columns alike. One kernel for nearest, bilinear, bicubic, area.
typedef struct ck_resample2d {
  long batch, in_h, in_w, out_h, out_w, c, row_taps, col_taps;
  const int32_t *row_first, *col_first;
  const float *row_weight, *col_weight;
  const float *input;
  float *output;
} ck_resample2d;
void ck_resample2d_run(ck_tier tier, const ck_resample2d *args, int part, int parts, void *scratch);

/// Transposes [batch][rows][cols] into [batch][cols][rows]: channels-first to channels-last and back.
typedef struct ck_transpose {
  long batch, rows, cols;
  const float *input;
  float *output;
} ck_transpose;
void ck_transpose_run(ck_tier tier, const ck_transpose *args, int part, int parts, void *scratch);

// ---- one door for the thread pool ---------------------------------------------------------------------------------
typedef enum __attribute__((enum_extensibility(closed))) ck_op {
  CK_OP_gemm_run,
  CK_OP_conv2d_run,
  CK_OP_winograd_kernels_run,
  CK_OP_winograd_run,
  CK_OP_winograd_line_run,
  CK_OP_depthwise2d_run,
  CK_OP_attention_run,
  CK_OP_layer_norm_run,
  CK_OP_group_norm_run,
  CK_OP_channel_affine_run,
  CK_OP_channel_gate_run,
  CK_OP_image_affine_run,
  CK_OP_glu_run,
  CK_OP_gather_rows_run,
  CK_OP_rotate_run,
  CK_OP_add_run,
  CK_OP_softmax_run,
  CK_OP_pool2d_run,
  CK_OP_mean_pixels_run,
  CK_OP_length_pixels_run,
  CK_OP_resample2d_run,
  CK_OP_transpose_run,
  CK_OP_int8_gemm_run,
  CK_OP_inverted_residual_run,
} ck_op;
/// ck_<op>(tier, args, part, parts, scratch) with the operation as a value; `args` is the operation's own struct.
void ck_run(ck_op op, ck_tier tier, const void *args, int part, int parts, void *scratch);

/// What a part of an operation comes to, as the kernel of the widest tier computes it: whole vectors and panels. It
/// depends on shapes alone; of the arguments' pointers only key_lengths are followed.
typedef struct ck_share {
  double operations; // floating-point ones of products, convolutions and attention, a multiply-add as two
  double moved;      // bytes that any other operation reads and writes, in all of its passes
  double touched;    // bytes of weights, inputs and outputs that the part looks at, each counted once
} ck_share;
/// Share `part` of `parts` as ck_run(op, ...) would do it; all of an operation is part 0 of 1.
ck_share ck_share_of(ck_op op, const void *args, int part, int parts);

// ---- the machine ----------------------------------------------------------------------------------------------------
/// Runs `iterations` rounds of independent register-only fused multiply-adds; returns the floating-point operations
/// done (the time it takes is the machine's fp32 peak).
double ck_peak_fma(ck_tier tier, long iterations);

#endif
