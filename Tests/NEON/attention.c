// Attention, with every mask and bias alone and together.
#include "harness.h"

enum { CAUSAL = 1, LENGTHS = 2, DENSE_BIAS = 4, GATE = 8, POSITIONS = 16, PLACES = 32, HIDDEN = 64 };

typedef struct lengths {
  long batch, heads, queries, keys, head_dim;
} lengths;

// scale q k^T with what is added to it, for a query of an image and a head; -INFINITY where the key is not seen.
static double score(const ck_attention *a, long b, long h, long i, long j) {
  if (a->causal && j > i + a->keys - a->queries) return -INFINITY;
  if (a->key_lengths && j >= a->key_lengths[b]) return -INFINITY;
  const float *const q = a->q + b * a->q_batch + h * a->q_head + i * a->q_row;
  const float *const k = a->k + b * a->k_batch + h * a->k_head + j * a->k_row;
  double sum = 0;
  for (long d = 0; d < a->head_dim; d++) {
    if (a->position_keys) {
      const float *const p = a->position_keys + h * a->position_head + (a->queries - 1 - i + j) * a->position_row;
      sum += ((double)q[d] + (double)a->query_bias[h * a->head_dim + d]) * (double)k[d] +
             ((double)q[d] + (double)a->position_bias[h * a->head_dim + d]) * (double)p[d];
    } else sum += (double)q[d] * (double)k[d];
  }
  sum *= (double)a->scale;
  if (a->query_places) {
    const long v = a->place_variants[b % a->place_period];
    const long place = a->query_places[v * a->queries + i] + a->key_places[v * a->keys + j];
    return sum + (double)a->bias[h * a->bias_head + place];
  }
  if (!a->bias) return sum;
  const double gate = a->bias_gate ? (double)a->bias_gate[b * a->gate_batch + h * a->gate_head + i * a->gate_row] : 1;
  return sum + gate * (double)a->bias[b * a->bias_batch + h * a->bias_head + i * a->bias_row + j];
}

static void attention_case(lengths n, int options) {
  const long width = n.heads * n.head_dim, count = n.batch * n.queries * width;
  ck_attention a = {.batch = n.batch, .heads = n.heads, .queries = n.queries, .keys = n.keys, .head_dim = n.head_dim,
                    .scale = 1.0f / sqrtf((float)n.head_dim), .causal = options & CAUSAL,
                    .q_batch = n.queries * width, .q_head = n.head_dim, .q_row = width,
                    .k_batch = n.keys * width, .k_head = n.head_dim, .k_row = width,
                    .v_batch = n.keys * width, .v_head = n.head_dim, .v_row = width,
                    .out_batch = n.queries * width, .out_head = n.head_dim, .out_row = width};
  a.q = floats(count, 3.0f);
  a.k = floats(n.batch * n.keys * width, 3.0f);
  a.v = floats(n.batch * n.keys * width, 1.0f);
  a.out = room(count);
  int32_t *const key_lengths = block(sizeof(int32_t) * (size_t)n.batch);
  for (long b = 0; b < n.batch; b++) key_lengths[b] = b == 1 ? 0 : (int32_t)below(n.keys + 1);
  if (options & LENGTHS) a.key_lengths = key_lengths;
  if (options & (DENSE_BIAS | HIDDEN)) {
    float *const bias = floats(n.heads * n.queries * n.keys, 2.0f);
    for (long i = 0; options & HIDDEN && i < n.heads * n.queries * n.keys; i += 1 + below(3)) bias[i] = -INFINITY;
    a.bias = bias;
    a.bias_head = n.queries * n.keys;
    a.bias_row = n.keys;
  }
  if (options & GATE) {
    a.bias_gate = floats(n.batch * n.heads * n.queries, 1.0f);
    a.gate_batch = n.heads * n.queries;
    a.gate_head = n.queries;
    a.gate_row = 1;
  }
  if (options & POSITIONS) {
    a.position_keys = floats((n.queries + n.keys - 1) * width, 1.0f);
    a.position_head = n.head_dim;
    a.position_row = width;
    a.query_bias = floats(width, 1.0f);
    a.position_bias = floats(width, 1.0f);
  }
  if (options & PLACES) {
    const long variants = 2, most = 20;
    int32_t *const query_places = block(sizeof(int32_t) * (size_t)(variants * n.queries));
    int32_t *const key_places = block(sizeof(int32_t) * (size_t)(variants * n.keys));
    int32_t *const chosen = block(sizeof(int32_t) * 3);
    for (long i = 0; i < variants * n.queries; i++) query_places[i] = (int32_t)below(most);
    for (long i = 0; i < variants * n.keys; i++) key_places[i] = (int32_t)below(most);
    for (long i = 0; i < 3; i++) chosen[i] = (int32_t)below(variants);
    a.bias = floats(n.heads * 2 * most, 2.0f);
    a.bias_head = 2 * most;
    a.query_places = query_places;
    a.key_places = key_places;
    a.place_variants = chosen;
    a.place_period = 3;
  }
  double *const expected = doubles(count), *const scores = doubles(n.keys);
  for (long u = 0; u < n.batch * n.heads * n.queries; u++) {
    const long i = u % n.queries, h = u / n.queries % n.heads, b = u / n.queries / n.heads;
    double most = -INFINITY, total = 0;
    for (long j = 0; j < n.keys; j++) most = fmax(most, scores[j] = score(&a, b, h, i, j));
    for (long j = 0; j < n.keys; j++) total += scores[j] = most == -INFINITY ? 0 : exp(scores[j] - most);
    double *const out = expected + b * a.out_batch + h * a.out_head + i * a.out_row;
    for (long d = 0; d < n.head_dim; d++) {
      out[d] = 0;
      for (long j = 0; j < n.keys; j++)
        out[d] += scores[j] * (double)a.v[b * a.v_batch + h * a.v_head + j * a.v_row + d];
      out[d] = total > 0 ? out[d] / total : 0;
    }
  }
  job j = {.operation = RUN_attention_run, .args = &a, .scratch = ck_attention_scratch(&a), .output = a.out,
           .count = count, .expected = expected, .tolerance = 64, .portable = 64};
  check(&j, "%ld images, %ld heads, %ld queries, %ld keys of %ld, options %d", n.batch, n.heads, n.queries, n.keys,
        n.head_dim, options);
  release();
}

void attention_cases(void) {
  static const long queries[] = {1, 5, 16, 17, 33, 70}, keys[] = {1, 7, 64, 130}, dims[] = {1, 8, 16, 20, 40, 72};
  static const int options[] = {0, CAUSAL, LENGTHS, DENSE_BIAS, CAUSAL | LENGTHS, DENSE_BIAS | GATE, PLACES, HIDDEN,
                                HIDDEN | CAUSAL | LENGTHS, PLACES | LENGTHS};
  int i = 0;
  for (int q = 0; q < 6; q++)
    for (int k = 0; k < 4; k++)
      for (int twice = 0; twice < 2; twice++, i++)
        attention_case((lengths){1 + i % 3, 1 + i % 2, queries[q], keys[k], dims[i * 7 % 6]}, options[i % 10]);
  // Where there are position keys, there are as many keys as queries.
  static const int relative[] = {POSITIONS, POSITIONS | LENGTHS, POSITIONS | DENSE_BIAS};
  for (int q = 0; q < 6; q++)
    for (int option = 0; option < 3; option++)
      attention_case((lengths){1 + q % 2, 2, queries[q], queries[q], dims[(q + option) % 6]}, relative[option]);
  // More keys than lie between two rescalings, and blocks of queries that share them.
  attention_case((lengths){1, 1, 3, 1100, 20}, 0);
  attention_case((lengths){2, 1, 20, 600, 8}, LENGTHS);
  attention_case((lengths){1, 2, 40, 530, 16}, CAUSAL | DENSE_BIAS);
  attention_case((lengths){1, 4, 130, 520, 4}, 0);
  attention_case((lengths){1, 1, 515, 515, 3}, POSITIONS);
}
