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
static inline share cut_gemm(const ck_gemm *a, int part, int parts) {
  return cut_grid(a->m, div_up(a->n, CK_PANEL), part, parts, 40, 4);
}
/// Output pixels of all images in order, and the panels of all groups; of a convolution that is no plain product.
static inline share cut_conv2d(const ck_conv2d *a, const conv_plan *plan, int part, int parts) {
  return cut_grid(a->batch * a->out_h * a->out_w, plan->columns, part, parts, 40, 4);
}
/// Tiles and panels. Per k a tile and a panel are sixteen cycles; a panel's weights and a tile's transform cost more
/// than in a product.
static inline share cut_winograd(const ck_conv2d *a, const winograd_plan *plan, int part, int parts) {
  return cut_grid(plan->tiles, div_up(a->out_c, CK_PANEL), part, parts, 100, 4);
}

// ---- windows: rows of output pixels through all images --------------------------------------------------------------
static inline range cut_depthwise2d(const ck_depthwise2d *a, int part, int parts) {
  return cut_units(a->batch * a->out_h, part, parts);
}
static inline range cut_pool2d(const ck_pool2d *a, int part, int parts) {
  return cut_units(a->batch * a->out_h, part, parts);
}
static inline range cut_resample2d(const ck_resample2d *a, int part, int parts) {
  return cut_units(a->batch * a->out_h, part, parts);
}

// ---- attention: groups of blocks of queries -------------------------------------------------------------------------
/// Units part, part + parts, ... of rows * groups are a part's.
typedef struct attention_cut {
  long rows;   // heads of all images
  long blocks; // of the queries of a row
  long groups; // neighbouring blocks that share what keys and values cost to fetch
} attention_cut;
static inline attention_cut cut_attention(const ck_attention *a, const attention_plan *plan, int parts) {
  attention_cut cut;
  cut.rows = a->batch * a->heads;
  cut.blocks = div_up(div_up(a->queries, VECTOR) * VECTOR, QUERY_BLOCK);
  // Enough groups are left for equal shares.
  const long group = max_long(1, min_long(plan->group, cut.rows * cut.blocks / (8 * parts)));
  cut.groups = div_up(cut.blocks, group);
  return cut;
}
/// The blocks first .. last of a row that unit `unit` is.
typedef struct attention_group {
  long row, first, last;
} attention_group;
static inline attention_group attention_group_at(const ck_attention *a, const attention_cut *cut, long unit) {
  const long row = unit / cut->groups, place = unit % cut->groups;
  // With a causal mask later blocks cost more: every other head counts backwards, so that parts get equal work.
  const long group = a->causal && row % 2 ? cut->groups - 1 - place : place;
  return (attention_group){row, cut->blocks * group / cut->groups, cut->blocks * (group + 1) / cut->groups};
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
static inline range cut_channel_gate(const ck_channel_gate *a, int part, int parts) {
  return cut_units(a->batch * a->pixels, part, parts);
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
/// Groups through all images.
static inline range cut_group_norm(const ck_group_norm *a, int part, int parts) {
  return cut_units(a->batch * a->groups, part, parts);
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
