/* Versions of the libraries behind the decoders. */
#include "internal.h"

#include <stdio.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/decode.h>

#define TEXT(x) #x
#define VALUE(x) TEXT(x)

const char *ic_png_version(void) { return png_get_libpng_ver(NULL); }

const char *ic_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
    return VALUE(LIBJPEG_TURBO_VERSION);
#else
    return "API " VALUE(JPEG_LIB_VERSION);
#endif
}

uint32_t ic_webp_version(void) { return (uint32_t)WebPGetDecoderVersion(); }
