// How products, convolutions and Winograd blocks are cut: by shape alone, never by tier, so that the scratch a caller
// gives fits every tier. Shared by the kernels and by scratch.c.
#ifndef CK_BLOCKING_H
#define CK_BLOCKING_H
#include "ckernels.h"

enum {
  BLOCK_K = 1024,           // k of one pass over the panels, about
  BLOCK_A = 150 * 1024,     // floats of A that stay in the second-level cache while the panels stream past
  BLOCK_PANELS = 24,        // panels whose partial sums are kept between passes
  MIN_BLOCK_ROWS = 24,      // two tiles
  MAX_CONV_ROWS = 480,      // output pixels of one table of pointers
  BAND_FLOATS = 96 * 1024,  // of a band of an inverted residual: expanded rows and those convolved from them
  PAIR_BAND_BYTES = 24 * 1024, // of a band's expanded rows in bf16, of one panel: they stay in the first-level cache
  MERGE_FLOATS = 256,       // a kernel row this short is read as one run, copied where it hangs over the edge
};

static inline long div_up(long a, long b) { return (a + b - 1) / b; }
static inline long min_long(long a, long b) { return a < b ? a : b; }
static inline long max_long(long a, long b) { return a > b ? a : b; }
static inline long floor_div(long a, long b) { return a / b - (a % b < 0); } // b > 0
static inline size_t round_64(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

/// Terms that four bytes of a packed matrix hold: a unit.
static inline long unit_terms(ck_form form) { return form == CK_FORM_F32 ? 1 : form == CK_FORM_BF16 ? 2 : 4; }
/// Floats from the start of a panel to its units of term k.
static inline long panel_offset(long k, ck_form form) {
  return (form == CK_FORM_I8 ? 2 * CK_PANEL : 0) + CK_PANEL * (k / unit_terms(form));
}
/// Floats of a panel of k terms.
static inline long panel_floats(long k, ck_form form) { return panel_offset(k + unit_terms(form) - 1, form); }
/// Bytes of a panel's widened weights of one pass.
static inline size_t widened_bytes(long k, ck_form form) {
  return form == CK_FORM_F32 ? 0 : round_64((size_t)(CK_PANEL * k) * sizeof(float));
}

/// Passes over k for a sum of `k` terms made of `segments` runs that are not cut (1: cut anywhere).
static inline long k_passes(long k, long segments) {
  const long passes = max_long(1, (k + BLOCK_K / 2) / BLOCK_K);
  return segments > 1 ? min_long(passes, segments) : passes;
}
/// Rows of A of one block.
static inline long block_rows(long row_floats) {
  return max_long(MIN_BLOCK_ROWS, BLOCK_A / max_long(1, row_floats));
}
/// Bytes of the partial sums kept between passes.
static inline size_t sums_bytes(long rows, long columns, long passes) {
  return passes > 1 ? round_64((size_t)rows * (size_t)min_long(columns, BLOCK_PANELS) * CK_PANEL * sizeof(float)) : 0;
}

/// Units of a row in bf16: whole cache lines.
static inline long pairs_ld(long k) { return div_up(k, 32) * 16; }
/// Bytes of a block's rows in bf16, and of two more with a line behind each.
static inline size_t pairs_bytes(long rows, long k, ck_form form) {
  return form == CK_FORM_BF16 ? (size_t)((rows + 2) * pairs_ld(k) + 2 * 16) * sizeof(uint32_t) : 0;
}

typedef struct gemm_plan {
  long passes, rows; // rows: the most in a block
  size_t widened_at; // after the partial sums; bf16 rows are where a tier has instructions for them
  size_t bytes;      // scratch
} gemm_plan;
static inline gemm_plan plan_gemm(long m, long n, long k, ck_form form) {
  gemm_plan plan;
  plan.passes = k_passes(k, 1);
  // The tier that multiplies rows in bf16 takes all of k in one pass.
  plan.rows = min_long(m, block_rows(form == CK_FORM_BF16 ? pairs_ld(k) : div_up(k, plan.passes)));
  plan.widened_at = sums_bytes(plan.rows, div_up(n, CK_PANEL), plan.passes);
  const size_t widened = widened_bytes(div_up(k, plan.passes), form), pairs = pairs_bytes(plan.rows, k, form);
  plan.bytes = plan.widened_at + (widened > pairs ? widened : pairs);
  return plan;
}

/// One share of a grid of rows x columns (panels).
typedef struct share {
  long row0, row1, column0, column1;
} share;
/// Cuts rows x columns into at most `parts` rectangles, by shape and `parts` alone: the cut whose largest rectangle
/// costs least, in tenths of a cycle per k (a row x panel is one cycle of two 512-bit multiply-adds; fetching a panel
/// from memory costs about `panel_cost` and a row of A `row_cost`).
static inline share cut_grid(long rows, long columns, int part, int parts, long panel_cost, long row_cost) {
  long best_r = 1, best_c = 1, best = INT64_MAX;
  // Of cuts into columns equally wide the one into fewest leaves most for the rows: no other is looked at.
  for (long c = 1, w; c <= min_long(parts, columns); c = w > 1 ? div_up(columns, w - 1) : columns + 1) {
    const long r = min_long(parts / c, rows), h = div_up(rows, max_long(1, r));
    w = div_up(columns, c);
    const long cost = 10 * h * w + panel_cost * w + row_cost * h;
    if (cost < best) {
      best = cost;
      best_r = max_long(1, r);
      best_c = c;
    }
  }
  share s = {0, 0, 0, 0};
  if (part >= best_r * best_c) return s;
  const long i = part / best_c, j = part % best_c;
  s.row0 = rows * i / best_r;
  s.row1 = rows * (i + 1) / best_r;
  s.column0 = columns * j / best_c;
  s.column1 = columns * (j + 1) / best_c;
  return s;
}

/// A product by eight-bit weights: blocks of quantised rows, and a panel as sixteen-bit numbers for the tiers that need
/// it so. Room is for the widest of them.
typedef struct int8_plan {
  long rows;    // the most in a block
  long row_ld;  // terms from one quantised row to the next: whole cache lines, no multiple of a page
  size_t scales_at, zeros_at, panel_at, bytes;
} int8_plan;
static inline int8_plan plan_int8(long m, long k) {
  int8_plan p;
  p.row_ld = div_up(k, 64) * 64 + (div_up(k, 64) % 16 == 0 ? 64 : 0);
  p.rows = min_long(m, max_long(MIN_BLOCK_ROWS, 4 * BLOCK_A / p.row_ld));
  size_t at = 2 * (size_t)(p.rows * p.row_ld);
  p.scales_at = at, at += round_64((size_t)p.rows * sizeof(float));
  p.zeros_at = at, at += round_64((size_t)p.rows * sizeof(int32_t));
  p.panel_at = at, at += 2 * (size_t)(CK_PANEL * div_up(k, 4) * 4);
  p.bytes = at;
  return p;
}

/// A convolution as a product over a table of pointers, [segment][pixel of the block], each to `length` floats.
typedef struct conv_plan {
  int is_gemm;           // a dense 1x1 convolution: no table
  int is_dense;          // the output pixels are equally far apart
  int is_merged;         // a segment is a whole kernel row; else one tap
  long segments, length; // length: floats of a segment
  long passes, rows, columns;
  long patches; // kernel rows that may hang over the edge in a block, copied with their zeros
  long line_rows; // where a tier that multiplies brain floats rounds a line's pixels once: the most in a block, else 0
  size_t pointers_at, offsets_at, zeros_at, patches_at, sums_at, widened_at, bytes;
} conv_plan;
static inline conv_plan plan_conv(const ck_conv2d *a) {
  conv_plan p = {0};
  const long channels = a->in_c / a->groups, outputs = a->out_c / a->groups, pixels = a->batch * a->out_h * a->out_w;
  const long taps = a->kernel_h * a->kernel_w;
  p.is_dense = (a->out_h == 1 || a->out_row == a->out_w * a->out_col) &&
               (a->batch == 1 || a->out_image == a->out_h * a->out_w * a->out_col);
  p.is_gemm = taps == 1 && a->groups == 1 && p.is_dense && a->stride_h == 1 && a->stride_w == 1 && a->pad_h == 0 &&
              a->pad_w == 0 && a->in_h == a->out_h && a->in_w == a->out_w &&
              (a->in_h == 1 || a->in_row == a->in_w * a->in_col) &&
              (a->batch == 1 || a->in_image == a->in_h * a->in_w * a->in_col);
  p.columns = a->groups * div_up(outputs, CK_PANEL);
  if (p.is_gemm) {
    p.bytes = plan_gemm(pixels, a->out_c, a->in_c, a->form).bytes;
    return p;
  }
  p.is_merged = a->groups == 1 && a->kernel_w > 1 && a->dilation_w == 1 && a->in_col == a->in_c &&
                a->kernel_w * a->in_c <= MERGE_FLOATS;
  p.segments = p.is_merged ? a->kernel_h : taps;
  p.length = p.is_merged ? a->kernel_w * channels : channels;
  p.passes = k_passes(taps * channels, p.segments);
  p.rows = min_long(pixels, min_long(MAX_CONV_ROWS, block_rows(channels * a->stride_h * a->stride_w)));
  // Patches in bf16 are copies: they, too, have to stay in the second-level cache.
  if (a->form == CK_FORM_BF16) p.rows = min_long(p.rows, block_rows(div_up(taps * channels, 2)));
  if (p.is_merged) {
    // Output columns whose kernel rows lie inside the input; the others of the rows that a block touches are copied.
    const long first = max_long(0, -floor_div(-a->pad_w, a->stride_w));
    const long last = min_long(a->out_w, floor_div(a->in_w - a->kernel_w + a->pad_w, a->stride_w) + 1);
    const long hanging = a->out_w - max_long(0, last - first);
    p.patches = min_long(p.rows, hanging * (div_up(p.rows, max_long(1, a->out_w)) + 1)) * a->kernel_h;
  }
  size_t at = 0;
  p.pointers_at = at, at += round_64((size_t)(p.rows * p.segments) * sizeof(float *));
  p.offsets_at = at, at += p.is_dense ? 0 : round_64((size_t)p.rows * sizeof(long));
  p.zeros_at = at, at += round_64((size_t)max_long(a->in_c, p.length) * sizeof(float));
  p.patches_at = at, at += round_64((size_t)(p.patches * p.length) * sizeof(float));
  p.sums_at = at, at += sums_bytes(p.rows, p.columns, p.passes);
  const size_t widened = widened_bytes(div_up(p.segments, p.passes) * p.length, a->form);
  const size_t pairs = pairs_bytes(p.rows, p.segments * p.length, a->form);
  p.widened_at = at, at += widened > pairs ? widened : pairs;
  // Overlapping patches of whole pairs.
  if (a->form == CK_FORM_BF16 && a->in_h == 1 && a->out_h == 1 && a->kernel_h == 1 && a->pad_h == 0 &&
      a->kernel_w > a->stride_w && a->dilation_w == 1 && channels % 2 == 0 && !a->in_pairs) {
    p.line_rows = min_long(a->out_w, block_rows(a->stride_w * channels / 2));
    const long line_pixels = (p.line_rows - 1) * a->stride_w + a->kernel_w;
    const size_t line = round_64((size_t)(line_pixels * channels) * sizeof(uint16_t));
    at = at > line ? at : line;
  }
  p.bytes = at;
  return p;
}

/// Blocks of Winograd tiles: the transformed input of a block and the products of a group of panels; in fp32, where it
/// is not there yet, also a row of positions of the group's transformed kernels.
typedef struct winograd_plan {
  long m, side;                        // outputs and inputs of a tile's side: side * side positions
  long tile_rows, tile_columns, tiles; // m x m output tiles
  long block, panels;                  // tiles and panels of a block
  long input_ld;                       // floats from one tile's transformed channels to the next's
  long room;                           // floats for a block's tiles at a position: in bf16 pairs, or fewer of floats
  long kernels_ld;                     // floats from one position's kernels to the next's
  size_t products_at, zeros_at, kernels_at, widened_at, bytes;
} winograd_plan;
/// Floats from the rows, and from the kernels, of one position to those of the next: what is written side by side does
/// not lie whole pages apart, where it would share the same few places of a cache.
static inline long winograd_position(long tiles, long ld) { return tiles * ld + 16; }
static inline long winograd_kernels_ld(long in_c, long panels) { return panels * in_c * CK_PANEL + 32; }
static inline winograd_plan plan_winograd(const ck_conv2d *a) {
  const int is_large = a->form == CK_FORM_F32;
  winograd_plan p;
  p.m = is_large && a->kernel_h == 3 ? 4 : 2;
  p.side = p.m + a->kernel_h - 1;
  p.tile_rows = div_up(a->out_h, p.m);
  p.tile_columns = div_up(a->out_w, p.m);
  p.tiles = a->batch * p.tile_rows * p.tile_columns;
  p.input_ld = div_up(a->in_c, 16) * 16;
  const long positions = p.side * p.side, panels = div_up(a->out_c, CK_PANEL);
  const long held = 450 * 1024 / 4 / positions, products = (is_large ? 600 : 300) * 1024 / 128 / positions;
  p.block = min_long(p.tiles, min_long(120, max_long(is_large ? 32 : 48, held / max_long(1, p.input_ld))));
  p.panels = min_long(panels, max_long(1, products / max_long(1, p.block)));
  const int is_late = is_large && !a->transformed;
  if (is_late) p.panels = min_long(p.panels, max_long(1, 200 * 1024 / 4 / p.side / CK_PANEL / max_long(1, a->in_c)));
  p.panels = div_up(panels, max_long(1, div_up(panels, max_long(1, p.panels)))); // as many groups, of one size
  p.kernels_ld = winograd_kernels_ld(a->in_c, is_late ? p.panels : panels);
  p.room = is_large ? p.block * p.input_ld : max_long(p.block * pairs_ld(a->in_c), p.input_ld);
  size_t at = round_64((size_t)(positions * winograd_position(1, p.room)) * sizeof(float));
  p.products_at = at, at += (size_t)(positions * winograd_position(p.block, p.panels * CK_PANEL)) * sizeof(float);
  p.zeros_at = at, at += (size_t)p.input_ld * sizeof(float);
  p.kernels_at = at, at += is_late ? (size_t)(p.side * p.kernels_ld) * sizeof(float) : 0;
  p.widened_at = round_64(at), p.bytes = p.widened_at + widened_bytes(a->in_c, a->form);
  return p;
}

/// Blocks of pairs of neighbouring outputs of a line that is convolved with three taps and stride 2: the rows of the
/// product that they share and of either's own.
typedef struct line_plan {
  long pairs, block; // of an image, the last of which may be one output; of a block
  size_t rows_at[3], sums_at, widened_at, bytes;
} line_plan;
/// Floats from a row of k terms to the next: never whole pages.
static inline long line_row_floats(long k) { return div_up(k, 32) * 32 + 16; }
static inline line_plan plan_line(const ck_conv2d *a) {
  line_plan p;
  p.pairs = div_up(a->out_w, 2);
  p.block = min_long(p.pairs, block_rows(5 * a->in_c));
  size_t at = 0;
  for (int i = 0; i < 3; i++) {
    // Room for floats, which a tier without products of brain floats multiplies.
    p.rows_at[i] = at, at += (size_t)(p.block * line_row_floats((i ? 2 : 1) * a->in_c)) * sizeof(float);
  }
  p.sums_at = at, at += (size_t)(p.block * CK_PANEL) * sizeof(float);
  p.widened_at = at, p.bytes = at + widened_bytes(2 * a->in_c, a->form);
  return p;
}

/// Bands of rows of an inverted residual.
typedef struct bands_plan {
  long rows, expanded_rows; // the most in a band: output rows, and input rows that they are convolved from
  size_t expanded_at, convolved_at, bytes; // after the products' scratch
} bands_plan;
static inline bands_plan plan_bands(const ck_inverted_residual *a) {
  const ck_depthwise2d *const d = &a->depthwise;
  const long reach = (d->kernel_h - 1) * d->dilation_h + 1; // input rows that a window spans
  bands_plan p;
  const long expanded = a->expand.n > 0 ? d->in_w * d->channels : 0;
  const long convolved = a->project.n > 0 ? d->out_w * d->channels : 0;
  const long most = a->project.form == CK_FORM_BF16 ? BAND_FLOATS / 2 : BAND_FLOATS; // that rounds the rows once more
  const long left = most - max_long(0, reach - d->stride_h) * expanded;
  p.rows = min_long(d->out_h, max_long(1, left / max_long(1, d->stride_h * expanded + convolved)));
  p.expanded_rows = min_long(d->in_h, (p.rows - 1) * d->stride_h + reach);
  size_t at = 0;
  if (a->expand.n > 0)
    at = plan_gemm(p.expanded_rows * d->in_w, d->channels, a->expand.k, a->expand.form).bytes;
  if (a->project.n > 0) {
    const size_t bytes = plan_gemm(p.rows * d->out_w, a->project.n, d->channels, a->project.form).bytes;
    at = at > bytes ? at : bytes;
  }
  p.expanded_at = round_64(at);
  p.convolved_at = p.expanded_at + round_64((size_t)(p.expanded_rows * expanded) * sizeof(float));
  p.bytes = p.convolved_at + round_64((size_t)(p.rows * convolved) * sizeof(float));
  return p;
}

/// Whether an inverted residual may have in_pairs: neighbouring pixels of a row make pairs, and no window needs more
/// than one pair beside a row. Of a stem a block holds a row at least.
static inline int fits_pairs(const ck_inverted_residual *a) {
  const ck_depthwise2d *const d = &a->depthwise;
  const long k = d->kernel_w, s = d->stride_w;
  if (a->stem.kernel_h > 0) {
    const conv_plan stem = plan_conv(&a->stem);
    if (!stem.is_merged || stem.passes > 1 || stem.rows < d->in_w) return 0;
  }
  return a->expand.n > 0 && a->expand.form == CK_FORM_BF16 && (a->project.n <= 0 || a->project.form == CK_FORM_BF16) &&
         (k == 3 || k == 5) && d->kernel_h == k && (s == 1 || s == 2) && d->stride_h == s && d->dilation_h == 1 &&
         d->dilation_w == 1 && d->pad_h >= 0 && d->in_w > 0 && d->in_w % 2 == 0 && d->pad_w >= 0 && d->pad_w <= k / 2 &&
         (s == 2 || (d->pad_w == k / 2 && d->out_w == d->in_w)) &&
         floor_div((d->out_w - 1) * s - d->pad_w, 2) + k / 2 <= d->in_w / 2;
}
/// Bands of an inverted residual in bf16. Expanded pixels lie in panels of 32 channels, of two neighbours in a row a
/// unit for each channel, with a pair of zeros beside each row; row r of a picture in slot r % slots. Where no band
/// leaves rows to the next one, a panel is convolved before the next takes its place.
typedef struct pair_bands_plan {
  long rows, slots;      // the most in a band: output rows, and input rows that they are convolved from
  long row, panel;       // units from one slot to the next, and of a panel
  long next_panel;       // units from one panel to the next: none where one place holds them all in turn
  long panels, taps;     // taps: units of sixteen channels' weights
  size_t pixels_at, expanded_at, places_at, convolved_at, rows_at, taps_at, vectors_at, stem_at, bytes;
} pair_bands_plan;
static inline pair_bands_plan plan_pair_bands(const ck_inverted_residual *a) {
  const ck_depthwise2d *const d = &a->depthwise;
  const long k = d->kernel_w, s = d->stride_w, unit = (long)sizeof(int32_t);
  pair_bands_plan p;
  p.panels = div_up(d->channels, CK_PANEL);
  p.row = (d->in_w / 2 + 1) * CK_PANEL;
  p.taps = k * 2 * ((k + 1) / 2) * 16;
  const int is_whole = d->in_h * p.row * unit <= PAIR_BAND_BYTES; // a picture is one band
  p.rows = is_whole ? d->out_h : min_long(d->out_h, max_long(1, (PAIR_BAND_BYTES / unit / p.row - k) / s + 1));
  p.slots = is_whole ? d->in_h : (p.rows - 1) * s + k;
  p.panel = CK_PANEL + p.slots * p.row;
  p.next_panel = is_whole ? 0 : p.panel;
  const size_t pixels = pairs_bytes(p.slots * d->in_w, a->expand.k, CK_FORM_BF16);
  const long convolved = a->project.n > 0 ? p.rows * d->out_w : 0;
  size_t at = 0;
  p.pixels_at = at, at += round_64(pixels);
  p.expanded_at = at, at += (size_t)((is_whole ? 1 : p.panels) * p.panel * unit);
  p.convolved_at = at, at += (size_t)(convolved * pairs_ld(d->channels) * unit);
  p.places_at = at, at += round_64((size_t)(p.slots * d->in_w / 2 * unit));
  p.rows_at = at, at += round_64((size_t)(convolved * 2) * sizeof(long));
  p.taps_at = at, at += (size_t)(p.panels * 2 * p.taps * unit);
  p.vectors_at = at, at += (size_t)(p.panels * 4 * CK_PANEL * unit);
  p.stem_at = at, at += a->stem.kernel_h > 0 ? plan_conv(&a->stem).bytes : 0;
  p.bytes = at;
  return p;
}
#endif
