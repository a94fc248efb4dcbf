// How the work of each operation is divided: part `part` of `parts` does what the function here says, and nobody else
// does. Kernels cut by these functions, and partition.c counts by them: what is said of a partition is what is done.
#ifndef CK_PARTITION_H
#define CK_PARTITION_H
#include "attention_plan.h"
#include "blocking.h"

enum { VECTOR = 16 }; // lanes of a vector

typedef struct range {
  long first, last;
} range;
/// Neighbouring units in shares that differ by one unit at most.
static inline range cut_units(long units, int part, int parts) {
  return (range){units * part / parts, units * (part + 1) / parts};
}

// ---- products: rows and panels, see cut_grid ------------------------------------------------------------------------
/// What a row of A costs, see cut_grid: by weights in bf16 the tier that multiplies them rounds it for every share of
/// columns, and multiplies it in half the time.
static inline long row_cost(ck_form form) { return form == CK_FORM_BF16 ? 12 : 4; }
static inline share cut_gemm(const ck_gemm *a, int part, int parts) {
  return cut_grid(a->m, div_up(a->n, CK_PANEL), part, parts, 40, row_cost(a->form));
}
/// A row costs every share of columns its quantisation; a row x panel costs a quarter of what it does in fp32.
static inline share cut_int8_gemm(const ck_gemm *a, int part, int parts) {
  return cut_grid(a->m, div_up(a->n, CK_PANEL), part, parts, 40, 24);
}
/// Output pixels of all images in order, and the panels of all groups; of a convolution that is no plain product.
static inline share cut_conv2d(const ck_conv2d *a, const conv_plan *plan, int part, int parts) {
  const long cost = plan->line_rows ? row_cost(CK_FORM_F32) : row_cost(a->form);
  return cut_grid(a->batch * a->out_h * a->out_w, plan->columns, part, parts, 40, cost);
}
/// Tiles, and outputs: whole panels or, in fp32 where these are too few for all parts, halves. Per k a tile and a panel
/// are sixteen cycles or 36; a panel's weights and a tile's transform cost more than in a product.
static inline share cut_winograd(const ck_conv2d *a, const winograd_plan *plan, int part, int parts) {
  const int is_fine = a->form == CK_FORM_F32 && plan->tiles * div_up(a->out_c, CK_PANEL) < parts;
  const long width = is_fine ? VECTOR : CK_PANEL;
  share s = cut_grid(plan->tiles, div_up(a->out_c, width), part, parts, 100, 4);
  s.column0 = min_long(a->out_c, s.column0 * width);
  s.column1 = min_long(a->out_c, s.column1 * width);
  return s;
}
/// Channels of all panels of its kernels.
static inline range cut_winograd_kernels(const ck_conv2d *a, int part, int parts) {
  return cut_units(div_up(a->out_c, CK_PANEL) * a->in_c, part, parts);
}

/// Pairs of outputs of all images, and panels.
static inline share cut_line(const ck_conv2d *a, const line_plan *plan, int part, int parts) {
  return cut_grid(a->batch * plan->pairs, div_up(a->out_c, CK_PANEL), part, parts, 40, 8);
}

/// Rows of c values: rows, and vectors of channels where rows are few. The columns are channels.
static inline share cut_channels(long rows, long c, int part, int parts) {
  share s = cut_grid(rows, div_up(c, VECTOR), part, parts, 0, 0);
  // A last vector that is not whole goes with the one before it: no share is narrower than a vector, unless c is.
  const long split = c % VECTOR ? c / VECTOR : 0;
  s.column0 = s.column0 && s.column0 == split ? (split - 1) * VECTOR : s.column0 * VECTOR;
  s.column1 = s.column1 && s.column1 == split ? (split - 1) * VECTOR : min_long(c, s.column1 * VECTOR);
  return s;
}

// ---- windows: output pixels through all images ----------------------------------------------------------------------
/// Rows of output pixels, and channels.
static inline share cut_depthwise2d(const ck_depthwise2d *a, int part, int parts) {
  return cut_channels(a->batch * a->out_h, a->channels, part, parts);
}
/// Rows of output pixels, and panels of channels where nothing is projected.
static inline share cut_inverted_residual(const ck_inverted_residual *a, int part, int parts) {
  const ck_depthwise2d *const d = &a->depthwise;
  const long lines = d->batch * d->out_h, panels = div_up(d->channels, CK_PANEL);
  long best_r = min_long(parts, max_long(1, lines)), best_c = 1, best = INT64_MAX;
  // A projection needs all channels. Parts that share rows expand none of them twice.
  for (long c = 1; a->in_pairs && a->project.n <= 0 && c <= min_long(parts, panels); c++) {
    const long r = min_long(parts / c, max_long(1, lines));
    const int cuts_images = lines % (r * d->out_h) != 0;
    const long overlap = r > 1 && cuts_images ? max_long(0, d->kernel_h - d->stride_h) : 0;
    const long cost = (div_up(lines, r) * d->stride_h + overlap) * div_up(panels, c);
    if (cost < best) best = cost, best_r = r, best_c = c;
  }
  if (part >= best_r * best_c) return (share){0, 0, 0, 0};
  const range rows = cut_units(lines, part / (int)best_c, (int)best_r);
  const range columns = cut_units(panels, part % (int)best_c, (int)best_c);
  return (share){rows.first, rows.last, columns.first, columns.last};
}
/// The rows of an image that are expanded for output rows first .. last.
static inline range expanded_rows(const ck_depthwise2d *a, long first, long last) {
  const long reach = (a->kernel_h - 1) * a->dilation_h + 1, from = max_long(0, first * a->stride_h - a->pad_h);
  return (range){from, max_long(from, min_long(a->in_h, (last - 1) * a->stride_h - a->pad_h + reach))};
}
static inline range cut_pool2d(const ck_pool2d *a, int part, int parts) {
  return cut_units(a->batch * a->out_h * a->out_w, part, parts);
}
static inline range cut_resample2d(const ck_resample2d *a, int part, int parts) {
  return cut_units(a->batch * a->out_h * a->out_w, part, parts);
}

// ---- attention: groups of blocks of queries -------------------------------------------------------------------------
enum { MOST_COLUMNS = 4 }; // past which a share is mostly scores that others compute, too
/// How the queries of all heads are cut into rows * groups * columns units, which a part takes neighbours of, see
/// units_of_part.
typedef struct attention_cut {
  long rows;   // heads of all images
  long blocks; // of the queries of a row
  long groups; // neighbouring blocks that share what keys and values cost to fetch
  long columns; // shares of the values' dimensions: where blocks are too few for all parts, several look at the scores
} attention_cut;
static inline attention_cut cut_attention(const ck_attention *a, const attention_plan *plan, int parts) {
  attention_cut cut;
  cut.rows = a->batch * a->heads;
  cut.blocks = div_up(div_up(a->queries, VECTOR) * VECTOR, QUERY_BLOCK);
  // A block of one vector costs five eighths of one of two: a way to equal shares where blocks are few.
  const long vecs = div_up(a->queries, VECTOR);
  if (cut.rows * cut.blocks < 4 * parts &&
      5 * div_up(cut.rows * vecs, parts) < 8 * div_up(cut.rows * cut.blocks, parts))
    cut.blocks = vecs;
  // Enough groups are left for equal shares.
  const long group = max_long(1, min_long(plan->group, cut.rows * cut.blocks / (8 * parts)));
  cut.groups = div_up(cut.blocks, group);
  const long most = min_long(MOST_COLUMNS, div_up(a->head_dim, CK_PANEL));
  cut.columns = max_long(1, min_long(most, parts / max_long(1, cut.rows * cut.groups)));
  return cut;
}
/// Units first, first + step, ... before last.
typedef struct attention_units {
  long first, last, step;
} attention_units;
/// Units of equal cost in equal runs, so that a part meets the rows of its images, which it has likely made, and each
/// head's keys once; where a mask hides keys, every parts-th one.
static inline attention_units units_of_part(const ck_attention *a, const attention_cut *cut, int part, int parts) {
  const long units = cut->rows * cut->groups * cut->columns;
  if (a->causal || a->key_lengths) return (attention_units){part, units, parts};
  const range own = cut_units(units, part, parts);
  return (attention_units){own.first, own.last, 1};
}
/// The blocks first .. last of a row, and the dimensions d0 .. d1 of their outputs, that unit `unit` is.
typedef struct attention_group {
  long row, first, last, d0, d1;
} attention_group;
static inline attention_group attention_group_at(const ck_attention *a, const attention_cut *cut, long unit) {
  const long column = unit % cut->columns, panels = div_up(a->head_dim, CK_PANEL);
  const long row = unit / cut->columns / cut->groups, place = unit / cut->columns % cut->groups;
  // With a causal mask later blocks cost more: every other head counts backwards, so that parts get equal work.
  const long group = a->causal && row % 2 ? cut->groups - 1 - place : place;
  return (attention_group){.row = row,
                           .first = cut->blocks * group / cut->groups,
                           .last = cut->blocks * (group + 1) / cut->groups,
                           .d0 = panels * column / cut->columns * CK_PANEL,
                           .d1 = min_long(a->head_dim, panels * (column + 1) / cut->columns * CK_PANEL)};
}
/// A block of queries, and the keys it looks at.
typedef struct attention_block {
  long q0, q1;
  long keys;
  long seen; // with a causal mask the first query sees keys 0 .. seen-1, the next one more; else >= keys
} attention_block;
static inline attention_block attention_block_at(const ck_attention *a, const attention_cut *cut, long row,
                                                 long block) {
  // Blocks are whole vectors of queries, and as equal as that allows.
  const long vecs = div_up(a->queries, VECTOR);
  attention_block b = {.q0 = vecs * block / cut->blocks * VECTOR, .keys = a->keys};
  b.q1 = min_long(a->queries, vecs * (block + 1) / cut->blocks * VECTOR);
  if (a->key_lengths) b.keys = max_long(0, min_long(b.keys, a->key_lengths[row / a->heads]));
  b.seen = b.keys;
  if (a->causal) {
    b.seen = b.q0 + 1 + a->keys - a->queries;
    b.keys = max_long(0, min_long(b.keys, b.seen + b.q1 - b.q0 - 1));
  }
  return b;
}

// ---- rows -----------------------------------------------------------------------------------------------------------
static inline range cut_layer_norm(const ck_layer_norm *a, int part, int parts) {
  return cut_units(a->rows, part, parts);
}
static inline range cut_softmax(const ck_softmax *a, int part, int parts) { return cut_units(a->rows, part, parts); }
static inline range cut_channel_affine(const ck_channel_affine *a, int part, int parts) {
  return cut_units(a->rows, part, parts);
}
static inline share cut_channel_gate(const ck_channel_gate *a, int part, int parts) {
  return cut_channels(a->batch * a->pixels, a->c, part, parts);
}
static inline range cut_image_affine(const ck_image_affine *a, int part, int parts) {
  return cut_units(a->batch * a->pixels, part, parts);
}
static inline range cut_glu(const ck_glu *a, int part, int parts) { return cut_units(a->rows, part, parts); }
static inline range cut_gather_rows(const ck_gather_rows *a, int part, int parts) {
  return cut_units(a->batch * a->rows, part, parts);
}
static inline range cut_rotate(const ck_rotate *a, int part, int parts) {
  return cut_units(a->batch * a->tokens, part, parts);
}

// ---- others ---------------------------------------------------------------------------------------------------------
/// Values, in whole vectors.
static inline range cut_add(const ck_add *a, int part, int parts) {
  const range vectors = cut_units(div_up(a->n, VECTOR), part, parts);
  return (range){vectors.first * VECTOR, min_long(a->n, vectors.last * VECTOR)};
}
enum {
  NORM_PIXELS = 128,      // pixels of a run: terms of a channel's fp32 chain
  NORM_SPLIT = 10 * 1024, // floats that the longest part must be spared for handing out a second operation to pay
};
/// Runs of pixels of an image.
static inline long norm_runs(const ck_group_norm *a) { return div_up(a->pixels, NORM_PIXELS); }
/// Runs of pixels through all images, and channels, where a group norm finds only sums.
static inline share cut_norm_sums(const ck_group_norm *a, int part, int parts) {
  return cut_channels(a->batch * norm_runs(a), a->c, part, parts);
}
/// How the rest of a group norm, or all of it, is cut: into runs of neighbouring groups, and each of those into slices
/// of pixels.
typedef struct group_norm_plan {
  long unit, units; // groups that are not cut apart, and how many such there are
  int slices;
  long cost; // of the largest part, in floats
} group_norm_plan;
static inline group_norm_plan plan_group_norm(const ck_group_norm *a, int parts) {
  group_norm_plan plan = {.unit = 1, .slices = 1, .cost = INT64_MAX};
  const long width = max_long(1, a->c / max_long(1, a->groups));
  // No fewer neighbours than fill a vector, so that no two parts write one cache line.
  if (width < VECTOR && VECTOR % width == 0 && a->groups % (VECTOR / width) == 0) plan.unit = VECTOR / width;
  plan.units = a->batch * a->groups / plan.unit;
  // More threads than units: several find the same statistics and normalise some of the pixels each, unless those take
  // the place of pixels that another has yet to look at.
  const int is_known = a->given || a->sums;
  const long most = a->measured || (a->input == a->output && !is_known) ? 1 : parts;
  const long looking = a->given ? 0 : 2 * (a->sums ? norm_runs(a) : a->pixels);
  const long normalising = a->measured ? 0 : a->activation == CK_ACT_NONE ? 2 : 8;
  for (int s = 1; s <= most; s *= 2) {
    const long h = div_up(plan.units, max_long(1, min_long(plan.units, parts / s)));
    const long cost = h * plan.unit * width * (looking + normalising * div_up(a->pixels, s));
    if (cost < plan.cost) plan.cost = cost, plan.slices = s;
  }
  return plan;
}
/// Groups through all images, of which a part finds the statistics, and the pixels of each image that it normalises.
typedef struct group_norm_cut {
  range groups, pixels;
} group_norm_cut;
static inline group_norm_cut cut_group_norm(const ck_group_norm *a, int part, int parts) {
  const group_norm_plan plan = plan_group_norm(a, parts);
  group_norm_cut cut = {{0, 0}, {0, 0}};
  const int runs = parts / plan.slices, run = part / plan.slices;
  if (run >= runs) return cut;
  const range own = cut_units(plan.units, run, runs);
  cut.groups = (range){own.first * plan.unit, own.last * plan.unit};
  cut.pixels = cut_units(a->pixels, part % plan.slices, plan.slices);
  return cut;
}
/// Vectors of channels through all images.
static inline range cut_mean_pixels(const ck_mean_pixels *a, int part, int parts) {
  return cut_units(a->batch * div_up(a->c, VECTOR), part, parts);
}
/// Tiles of 16 x 16 through all images, row by row.
static inline range cut_transpose(const ck_transpose *a, int part, int parts) {
  return cut_units(a->batch * div_up(a->rows, VECTOR) * div_up(a->cols, VECTOR), part, parts);
}
#endif
