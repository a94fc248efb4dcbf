// The scratch of a part of an attention: depends on the shape alone.
#include "attention_plan.h"

size_t ck_attention_scratch(const ck_attention *args) { return (size_t)plan_attention(args).floats * sizeof(float); }
