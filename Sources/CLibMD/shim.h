#include <sys/types.h>
#include <sha2.h>
#include <sha1.h>
