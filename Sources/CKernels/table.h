// A tier's entry points, as the dispatcher sees them.
#ifndef CK_TABLE_H
#define CK_TABLE_H
#include "ckernels.h"
typedef struct ck_table {
#define CK_JOB(name, args) void (*name)(const args *, int part, int parts, void *scratch);
#define CK_FUNCTION(result, name, parameters, arguments) result(*name) parameters;
#include "kernels.def"
} ck_table;
#endif
