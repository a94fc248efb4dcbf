// What the parts of an operation come to, counted over the cuts that the kernels make.
#include "partition.h"

enum { FLOAT = 4 }; // bytes

static double rounded(long channels) { return (double)(div_up(channels, VECTOR) * VECTOR); }
static double size(range r) { return (double)max_long(0, r.last - r.first); }

/// Inputs of one axis that the windows of outputs first .. last meet.
static double met(long first, long last, long in, long kernel, long stride, long pad, long dilation) {
  const long from = first * stride - pad, to = (last - 1) * stride - pad + (kernel - 1) * dilation + 1;
  return last > first ? (double)max_long(0, min_long(in, to) - max_long(0, from)) : 0;
}
/// Taps of the windows of outputs first .. last that lie inside the input.
static double taps_inside(long first, long last, long in, long kernel, long stride, long pad, long dilation) {
  long taps = 0;
  for (long out = first; out < last; out++) {
    const long at = out * stride - pad;
    const long low = at >= 0 ? 0 : div_up(-at, dilation);
    const long high = at >= in ? 0 : min_long(kernel, div_up(in - at, dilation));
    taps += max_long(0, high - low);
  }
  return (double)taps;
}
/// A window's way over a picture.
typedef struct axis {
  long out, in, kernel, stride, pad, dilation;
} axis;
/// Input pixels that the windows of output pixels first .. last, counted through all images, meet: whole rows of the
/// picture where the range has more than one.
static double pixels_met(range pixels, axis y, axis x) {
  double sum = 0;
  for (long p = pixels.first, image = y.out * x.out; p < pixels.last;) {
    const long p0 = p % image, p1 = min_long(image, p0 + pixels.last - p), y0 = p0 / x.out, y1 = (p1 - 1) / x.out;
    const int is_whole = y1 > y0;
    sum += met(y0, y1 + 1, y.in, y.kernel, y.stride, y.pad, y.dilation) *
           met(is_whole ? 0 : p0 % x.out, is_whole ? x.out : (p1 - 1) % x.out + 1, x.in, x.kernel, x.stride, x.pad,
               x.dilation);
    p += p1 - p0;
  }
  return sum;
}

// ---- products -------------------------------------------------------------------------------------------------------
/// Floats, or their halves, of a value.
static double floats_of(int is_pairs) { return is_pairs ? 0.5 : 1; }
/// Of an output and of what is added to it.
static double floats_of_output(const ck_epilogue *e) {
  return floats_of(e->out_pairs) + (e->residual ? floats_of(e->residual_pairs) : 0);
}
/// Outputs of h rows that a part stores: of all but the last panel of a group all 32.
static double stored(share s, long panels, long outputs) {
  double columns = 0;
  for (long q = s.column0; q < s.column1; q++) columns += (double)min_long(CK_PANEL, outputs - q % panels * CK_PANEL);
  return columns * (double)(s.row1 - s.row0);
}
static ck_share gemm_share(const ck_gemm *a, int part, int parts) {
  const share s = cut_gemm(a, part, parts);
  const double h = (double)(s.row1 - s.row0), w = (double)(s.column1 - s.column0), k = (double)a->k;
  const double outputs = stored(s, div_up(a->n, CK_PANEL), a->n) * floats_of_output(&a->epilogue);
  ck_share share = {.operations = 2 * h * w * CK_PANEL * k};
  const double gates = a->gate ? (double)div_up(s.row1 - s.row0, max_long(1, a->gate_rows)) * k : 0;
  const double inputs = h * k * floats_of(a->in_pairs) + gates;
  if (w > 0) share.touched = FLOAT * (w * (double)panel_floats(a->k, a->form) + inputs + outputs);
  return share;
}
static ck_share int8_gemm_share(const ck_gemm *a, int part, int parts) {
  const share s = cut_int8_gemm(a, part, parts);
  const double h = (double)(s.row1 - s.row0), w = (double)(s.column1 - s.column0), k = (double)a->k;
  const double outputs = stored(s, div_up(a->n, CK_PANEL), a->n) * floats_of_output(&a->epilogue);
  if (!(h * w > 0)) return (ck_share){0};
  // A row is read twice, for its range and to be quantised, and written in a quarter of the bytes.
  return (ck_share){.operations = 2 * h * w * CK_PANEL * k,
                    .moved = h * k * (2 * FLOAT + 1),
                    .touched = FLOAT * (w * (double)panel_floats(a->k, CK_FORM_I8) + h * k + outputs)};
}
static ck_share conv2d_share(const ck_conv2d *a, int part, int parts) {
  const conv_plan plan = plan_conv(a);
  const long pixels = a->batch * a->out_h * a->out_w;
  if (plan.is_gemm) {
    const ck_gemm g = {.m = pixels, .n = a->out_c, .k = a->in_c, .epilogue = a->epilogue, .form = a->form,
                       .in_pairs = a->in_pairs, .gate = a->gate, .gate_rows = a->out_h * a->out_w};
    return gemm_share(&g, part, parts);
  }
  const share s = cut_conv2d(a, &plan, part, parts);
  const long panels = plan.columns / a->groups, k = plan.segments * plan.length;
  const double h = (double)(s.row1 - s.row0), w = (double)(s.column1 - s.column0);
  ck_share share = {.operations = 2 * h * w * CK_PANEL * (double)k};
  if (!(h * w > 0)) return share;
  const double channels = (double)((s.column1 - 1) / panels - s.column0 / panels + 1) * (double)(a->in_c / a->groups);
  const axis y = {a->out_h, a->in_h, a->kernel_h, a->stride_h, a->pad_h, a->dilation_h};
  const axis x = {a->out_w, a->in_w, a->kernel_w, a->stride_w, a->pad_w, a->dilation_w};
  share.touched = FLOAT * (w * (double)panel_floats(k, a->form) +
                           channels * floats_of(a->in_pairs) * pixels_met((range){s.row0, s.row1}, y, x) +
                           stored(s, panels, a->out_c / a->groups) * floats_of_output(&a->epilogue));
  return share;
}
static ck_share winograd_share(const ck_conv2d *a, int part, int parts) {
  const winograd_plan plan = plan_winograd(a);
  const long m = plan.m, side = plan.side;
  const share s = cut_winograd(a, &plan, part, parts);
  const double tiles = (double)(s.row1 - s.row0), outputs = (double)(s.column1 - s.column0), k = (double)a->in_c;
  if (!(tiles * outputs > 0)) return (ck_share){0};
  const double positions = (double)(side * side), lanes = rounded(s.column1 - s.column0);
  const double panels = (double)(div_up(s.column1, CK_PANEL) - s.column0 / CK_PANEL) * CK_PANEL;
  // The products; and of the transforms (of 3, 4 or 6 inputs a side) the loads, sums and stores, each as much as a
  // multiply-add: of a tile's channel before the products, of its output behind them, of a kernel in every block.
  const double channel = (side == 3 ? 30 : side == 4 ? 64 : 216) * (double)plan.input_ld;
  const double output = (side == 3 ? 27 : side == 4 ? 48 : 172) * lanes;
  const int is_late = a->form == CK_FORM_F32 && !a->transformed;
  const double kernel = panels * k * (double)div_up(s.row1 - s.row0, plan.block);
  const double kernels = is_late ? (side == 3 ? 22 : 222) * kernel : 0;
  ck_share share = {.operations = 2 * (tiles * (positions * lanes * k + channel + output) + kernels)};
  const axis y = {plan.tile_rows, a->in_h, side, m, a->pad_h, 1};
  const axis x = {plan.tile_columns, a->in_w, side, m, a->pad_w, 1};
  share.touched = FLOAT * ((is_late ? (double)(a->kernel_h * a->kernel_w) : positions) * lanes * k +
                           k * floats_of(a->in_pairs) * pixels_met((range){s.row0, s.row1}, y, x) +
                           (double)(m * m) * tiles * outputs * floats_of_output(&a->epilogue));
  return share;
}
static ck_share winograd_kernels_share(const ck_conv2d *a, int part, int parts) {
  const double kernels = size(cut_winograd_kernels(a, part, parts)) * CK_PANEL;
  return a->kernel_h == 2 ? (ck_share){.operations = 2 * kernels * 18, .touched = FLOAT * kernels * (4 + 9)}
                          : (ck_share){.operations = 2 * kernels * 165, .touched = FLOAT * kernels * (9 + 36)};
}
size_t ck_winograd_kernels_floats(const ck_conv2d *a, int parts) {
  if (a->form != CK_FORM_F32 || a->batch <= 0 || a->out_h <= 0 || a->out_w <= 0 || a->out_c <= 0) return 0;
  const winograd_plan plan = plan_winograd(a);
  const long panels = div_up(a->out_c, CK_PANEL);
  const share s = cut_winograd(a, &plan, 0, parts);
  // How often a kernel would be transformed: in every block of every share of the tiles.
  const long rows = max_long(1, s.row1 - s.row0), times = div_up(plan.tiles, rows) * div_up(rows, plan.block);
  return times > 2 ? (size_t)(plan.side * plan.side * winograd_kernels_ld(a->in_c, panels)) : 0;
}
static ck_share line_share(const ck_conv2d *a, int part, int parts) {
  const line_plan plan = plan_line(a);
  const share s = cut_line(a, &plan, part, parts);
  const double pairs = (double)(s.row1 - s.row0), w = (double)(s.column1 - s.column0), k = (double)a->in_c;
  if (!(pairs * w > 0)) return (ck_share){0};
  // The products; and of five rows a pair the loads, differences and stores, each as much as a multiply-add.
  ck_share share = {.operations = 2 * pairs * (5 * w * CK_PANEL * k + 12 * k)};
  share.touched = FLOAT * (w * (double)panel_floats(5 * a->in_c, a->form) + 4 * pairs * k +
                           2 * stored(s, div_up(a->out_c, CK_PANEL), a->out_c) * floats_of_output(&a->epilogue));
  return share;
}

// ---- windows --------------------------------------------------------------------------------------------------------
static ck_share depthwise_share(const ck_depthwise2d *a, int part, int parts) {
  const share s = cut_depthwise2d(a, part, parts);
  double rows = 0;
  for (long l = s.row0; l < s.row1; l++)
    rows += taps_inside(l % a->out_h, l % a->out_h + 1, a->in_h, a->kernel_h, a->stride_h, a->pad_h, a->dilation_h);
  const double columns = taps_inside(0, a->out_w, a->in_w, a->kernel_w, a->stride_w, a->pad_w, a->dilation_w);
  const double c = (double)(s.column1 - s.column0);
  const axis y = {a->out_h, a->in_h, a->kernel_h, a->stride_h, a->pad_h, a->dilation_h};
  const axis x = {a->out_w, a->in_w, a->kernel_w, a->stride_w, a->pad_w, a->dilation_w};
  const range pixels = {s.row0 * a->out_w, s.row1 * a->out_w};
  ck_share share = {.operations = 2 * rows * columns * rounded(s.column1 - s.column0)};
  if (size(pixels) > 0)
    share.touched = FLOAT * c * (pixels_met(pixels, y, x) + size(pixels) + (double)(a->kernel_h * a->kernel_w));
  return share;
}
static ck_share inverted_residual_share(const ck_inverted_residual *a, int part, int parts) {
  const share own = cut_inverted_residual(a, part, parts);
  const ck_depthwise2d *const d = &a->depthwise;
  ck_depthwise2d piece = *d;
  ck_share share = {0};
  double weights = 0;
  // Of a part with some of the panels, these.
  const long channels = min_long(d->channels, own.column1 * CK_PANEL) - min_long(d->channels, own.column0 * CK_PANEL);
  piece.channels = channels;
  for (long l = own.row0, y0, y1; l < own.row1; l += y1 - y0) {
    y0 = l % d->out_h;
    y1 = min_long(d->out_h, y0 + own.row1 - l);
    const range in = expanded_rows(d, y0, y1);
    const double inputs = size(in) * (double)d->in_w, outputs = (double)((y1 - y0) * d->out_w);
    // Rows by windows of whole rows: a picture that is as high as these need.
    piece.batch = 1;
    piece.out_h = y1 - y0;
    piece.pad_h = d->pad_h - y0 * d->stride_h;
    const ck_share middle = depthwise_share(&piece, 0, 1);
    share.operations += middle.operations;
    weights = FLOAT * (double)(d->kernel_h * d->kernel_w * channels);
    share.touched += middle.touched - weights;
    if (a->expand.n > 0) {
      ck_gemm expand = a->expand;
      expand.m = (long)inputs;
      expand.n = channels;
      const ck_share s = gemm_share(&expand, 0, 1);
      share.operations += s.operations;
      // What is expanded is no output: it never leaves the part.
      share.touched += FLOAT * inputs * ((double)a->expand.k * floats_of(a->expand.in_pairs) - (double)channels);
      weights += FLOAT * (double)ck_packed_floats(channels, a->expand.k, a->expand.form);
    }
    if (a->project.n > 0) {
      ck_gemm project = a->project;
      project.m = (long)outputs;
      const ck_share s = gemm_share(&project, 0, 1);
      share.operations += s.operations;
      const double stored_floats = (double)project.n * floats_of_output(&project.epilogue);
      share.touched += FLOAT * outputs * (stored_floats - (double)channels);
      weights += FLOAT * (double)ck_packed_floats(a->project.n, a->project.k, a->project.form);
    }
  }
  share.touched += weights;
  return share;
}
static ck_share pool_share(const ck_pool2d *a, int part, int parts) {
  const range pixels = cut_pool2d(a, part, parts);
  const axis y = {a->out_h, a->in_h, a->kernel_h, a->stride_h, a->pad_h, a->dilation_h};
  const axis x = {a->out_w, a->in_w, a->kernel_w, a->stride_w, a->pad_w, a->dilation_w};
  const double channels = (double)a->c * floats_of(a->pairs);
  return (ck_share){.moved = FLOAT * size(pixels) * rounded(a->c) * (double)(a->kernel_h * a->kernel_w + 1),
                    .touched = FLOAT * channels * (pixels_met(pixels, y, x) + size(pixels))};
}
static ck_share resample_share(const ck_resample2d *a, int part, int parts) {
  const range pixels = cut_resample2d(a, part, parts);
  // The windows' places are in tables: of an input as much as of the output, as far as it goes.
  const double share = size(pixels) / (double)max_long(1, a->batch * a->out_h * a->out_w);
  return (ck_share){.moved = FLOAT * size(pixels) * rounded(a->c) * (double)(a->row_taps * a->col_taps + 1),
                    .touched = FLOAT * (double)a->c * (share * (double)(a->batch * a->in_h * a->in_w) + size(pixels))};
}

// ---- attention ------------------------------------------------------------------------------------------------------
static ck_share attention_share(const ck_attention *a, int part, int parts) {
  ck_share share = {0};
  if (a->queries <= 0 || a->head_dim <= 0) return share;
  const attention_plan plan = plan_attention(a);
  const attention_cut cut = cut_attention(a, &plan, parts);
  const double d = (double)a->head_dim;
  double both = 0;         // dimensions of a key and of its value: where these are shared, a part has one unit
  long row = -1, most = 0; // keys of the row that a block of the part looks at
  const attention_units own = units_of_part(a, &cut, part, parts);
  for (long unit = own.first; unit < own.last; unit += own.step) {
    const attention_group group = attention_group_at(a, &cut, unit);
    if (group.row != row) {
      share.touched += FLOAT * both * (double)most;
      row = group.row, most = 0;
    }
    both = d + (double)(group.d1 - group.d0);
    for (long i = group.first; i < group.last; i++) {
      const attention_block block = attention_block_at(a, &cut, group.row, i);
      const double queries = (double)(block.q1 - block.q0), keys = (double)block.keys;
      const double lanes = rounded(block.q1 - block.q0);
      // Scores, exponentials as sixteen multiply-adds each, sums; where distances have keys, the scores of those.
      share.operations += 2 * keys * (lanes * d + lanes * 16 + queries * rounded(group.d1 - group.d0));
      if (a->position_keys) share.operations += 2 * lanes * (keys + queries - 1) * d;
      share.touched += FLOAT * both * queries;
      most = max_long(most, block.keys);
    }
  }
  share.touched += FLOAT * both * (double)most;
  return share;
}

// ---- rows and the rest ----------------------------------------------------------------------------------------------
/// Units of so many floats read and written in all passes, of them distinct; and floats that are read beside them.
static ck_share moving(range units, double floats, double distinct, double beside) {
  const double n = size(units);
  return (ck_share){.moved = FLOAT * n * floats, .touched = n > 0 ? FLOAT * (n * distinct + beside) : 0};
}
static ck_share norm_sums_share(const ck_group_norm *a, int part, int parts) {
  const share s = cut_norm_sums(a, part, parts);
  double pixels = 0;
  for (long r = s.row0; r < s.row1; r++)
    pixels += (double)min_long(NORM_PIXELS, a->pixels - r % norm_runs(a) * NORM_PIXELS);
  // Two passes of reading; a sum and squares written.
  const double written = 2 * (double)(s.row1 - s.row0);
  return (ck_share){.moved = FLOAT * rounded(s.column1 - s.column0) * (2 * pixels + written),
                    .touched = FLOAT * (double)(s.column1 - s.column0) * (pixels + written)};
}
static ck_share group_norm_share(const ck_group_norm *a, int part, int parts) {
  if (a->summed) return norm_sums_share(a, part, parts);
  const group_norm_cut cut = cut_group_norm(a, part, parts);
  const range groups = cut.groups;
  const long width = a->groups > 0 ? a->c / a->groups : 0;
  // Runs of neighbouring groups of an image are read together, in whole vectors of channels.
  double lanes = 0;
  for (long u = groups.first; u < groups.last;) {
    const long run = min_long(groups.last - u, a->groups - u % a->groups);
    lanes += rounded(run * width);
    u += run;
  }
  // Two passes of reading, or one of reading sums and squares; one of reading and writing.
  const double pixels = (double)a->pixels, own = size(cut.pixels), runs = (double)norm_runs(a);
  const double looked = a->given ? 0 : a->sums ? runs : pixels, written = a->measured ? 0 : own;
  const double read = a->given ? own : a->sums ? 2 * runs + written : pixels;
  return (ck_share){.moved = FLOAT * 2 * lanes * (looked + written),
                    .touched = FLOAT * size(groups) * (double)width * (read + written)};
}
size_t ck_group_norm_split(const ck_group_norm *a, int parts) {
  if (a->given || a->c <= 0 || norm_runs(a) < 2 || parts < 2) return 0;
  const float none = 0;
  ck_group_norm rest = *a;
  rest.sums = &none;
  // The sums as if their shares were equal, which they nearly are.
  const long runs = a->batch * norm_runs(a), shares = div_up(runs * div_up(a->c, VECTOR), parts);
  const long apart = shares * VECTOR * 2 * min_long(NORM_PIXELS, a->pixels) + plan_group_norm(&rest, parts).cost;
  const int is_quicker = plan_group_norm(a, parts).cost - apart >= NORM_SPLIT;
  return is_quicker ? (size_t)(runs * 2 * a->c) : 0;
}
static ck_share transpose_share(const ck_transpose *a, int part, int parts) {
  const range tiles = cut_transpose(a, part, parts);
  const double all = (double)max_long(1, a->batch * div_up(a->rows, VECTOR) * div_up(a->cols, VECTOR));
  // A tile at an edge is as much work as it has values: on an average.
  const double tile = (double)(a->batch * a->rows * a->cols) / all;
  return moving(tiles, 2 * tile, 2 * tile, 0);
}

ck_share ck_share_of(ck_op op, const void *args, int part, int parts) {
  switch (op) {
  case CK_OP_gemm_run: return gemm_share(args, part, parts);
  case CK_OP_int8_gemm_run: return int8_gemm_share(args, part, parts);
  case CK_OP_conv2d_run: return conv2d_share(args, part, parts);
  case CK_OP_winograd_kernels_run: return winograd_kernels_share(args, part, parts);
  case CK_OP_winograd_run: return winograd_share(args, part, parts);
  case CK_OP_winograd_line_run: return line_share(args, part, parts);
  case CK_OP_depthwise2d_run: return depthwise_share(args, part, parts);
  case CK_OP_inverted_residual_run: return inverted_residual_share(args, part, parts);
  case CK_OP_attention_run: return attention_share(args, part, parts);
  case CK_OP_layer_norm_run: {
    const ck_layer_norm *const a = args;
    return moving(cut_layer_norm(a, part, parts), 4 * (double)a->c, 2 * (double)a->c, 2 * (double)a->c);
  }
  case CK_OP_group_norm_run: return group_norm_share(args, part, parts);
  case CK_OP_channel_affine_run: {
    const ck_channel_affine *const a = args;
    return moving(cut_channel_affine(a, part, parts), 2 * (double)a->c, 2 * (double)a->c, 2 * (double)a->c);
  }
  case CK_OP_channel_gate_run: {
    const ck_channel_gate *const a = args;
    const share s = cut_channel_gate(a, part, parts);
    const double c = (double)(s.column1 - s.column0);
    return moving((range){s.row0, s.row1}, 2 * c, 2 * c, c);
  }
  case CK_OP_image_affine_run: {
    const ck_image_affine *const a = args;
    return moving(cut_image_affine(a, part, parts), 2 * (double)a->c, 2 * (double)a->c, 2 * (double)a->c);
  }
  case CK_OP_glu_run: {
    const ck_glu *const a = args;
    return moving(cut_glu(a, part, parts), 3 * (double)a->c, 3 * (double)a->c, 0);
  }
  case CK_OP_gather_rows_run: {
    const ck_gather_rows *const a = args;
    return moving(cut_gather_rows(a, part, parts), 2 * (double)a->c, 2 * (double)a->c, 0);
  }
  case CK_OP_rotate_run: {
    const ck_rotate *const a = args;
    const double width = 2 * (double)(a->heads * a->half);
    return moving(cut_rotate(a, part, parts), 2 * width, 2 * width + 2 * (double)a->half, 0);
  }
  case CK_OP_add_run: {
    const ck_add *const a = args;
    const double each = a->b ? 3 : 2;
    return moving(cut_add(a, part, parts), each, each, 0);
  }
  case CK_OP_softmax_run: {
    const ck_softmax *const a = args;
    return moving(cut_softmax(a, part, parts), 5 * (double)a->c, 2 * (double)a->c, 0);
  }
  case CK_OP_pool2d_run: return pool_share(args, part, parts);
  case CK_OP_mean_pixels_run:
  case CK_OP_length_pixels_run: {
    const ck_mean_pixels *const a = args;
    const double vector = VECTOR * (double)(a->pixels + 1);
    return moving(cut_mean_pixels(a, part, parts), vector, vector, 0);
  }
  case CK_OP_resample2d_run: return resample_share(args, part, parts);
  case CK_OP_transpose_run: return transpose_share(args, part, parts);
  }
  return (ck_share){0};
}
