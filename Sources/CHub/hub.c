#include "chub.h"
#define CURL_DISABLE_TYPECHECK // the checks call by name what is called by address here
#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ch_session {
  CURL *curl;
};

// libcurl is loaded when it is first asked for: it and the thirty libraries that it brings would take most of the time
// that a command takes to start, and few commands speak to a server.
#if defined(__APPLE__)
#define LIBRARY "libcurl.4.dylib"
#else
#define LIBRARY "libcurl.so.4"
#endif
#define EACH_FUNCTION(X)                                                                                              \
  X(curl_global_init)                                                                                                 \
  X(curl_easy_init)                                                                                                   \
  X(curl_easy_reset)                                                                                                  \
  X(curl_easy_setopt)                                                                                                 \
  X(curl_easy_perform)                                                                                                \
  X(curl_easy_cleanup)                                                                                                \
  X(curl_easy_strerror)                                                                                               \
  X(curl_slist_append)                                                                                                \
  X(curl_slist_free_all)                                                                                              \
  X(curl_getdate)
static struct {
#define MEMBER(name) __typeof__(name) *name;
  EACH_FUNCTION(MEMBER)
#undef MEMBER
} lib;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char missing[256]; // what could not be loaded and why; empty: nothing

static void load(void) {
  void *const library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  int is_whole = library != NULL;
#define FIND(name)                                                                                                    \
  if (is_whole) {                                                                                                     \
    void *const address = dlsym(library, #name);                                                                      \
    memcpy(&lib.name, &address, sizeof address);                                                                      \
    is_whole = address != NULL;                                                                                       \
  }
  EACH_FUNCTION(FIND)
#undef FIND
  if (!is_whole) {
    const char *const reason = dlerror();
    snprintf(missing, sizeof missing, "%s", reason ? reason : LIBRARY " lacks a function");
  } else if (lib.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    snprintf(missing, sizeof missing, "%s", LIBRARY " could not be initialised");
  }
}

const char *ch_missing(void) {
  pthread_once(&once, load);
  return missing[0] ? missing : NULL;
}

ch_session *ch_open(void) {
  if (ch_missing()) return NULL;
  ch_session *session = calloc(1, sizeof *session);
  if (!session) return NULL;
  session->curl = lib.curl_easy_init();
  if (session->curl) return session;
  free(session);
  return NULL;
}

void ch_close(ch_session *session) {
  if (!session) return;
  lib.curl_easy_cleanup(session->curl);
  free(session);
}

long long ch_date(const char *text) { return ch_missing() ? -1 : (long long)lib.curl_getdate(text, NULL); }

static size_t take_header(char *bytes, size_t size, size_t count, void *user) {
  const ch_sink *sink = user;
  return sink->header(sink->context, bytes, size * count) == 0 ? size * count : 0;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *user) {
  const ch_sink *sink = user;
  // An empty piece is no error; returning 0 for it says that all of it was taken.
  if (size * count == 0) return 0;
  return sink->body(sink->context, bytes, size * count) == 0 ? size * count : 0;
}

static int look_in(void *user, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un) {
  const ch_sink *sink = user;
  (void)dt, (void)dn, (void)ut, (void)un;
  return sink->proceed(sink->context);
}

static ch_end end_of(CURLcode code) {
  switch (code) {
    case CURLE_OK: return CH_DONE;
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK: return CH_BROKEN_OFF;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT: return CH_UNREACHABLE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return CH_INSECURE;
    case CURLE_OPERATION_TIMEDOUT: return CH_TIMED_OUT;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return CH_CUT;
    default: return CH_FAILED;
  }
}

void ch_perform(ch_session *session, const ch_request *request, const ch_sink *sink, ch_result *result) {
  CURL *curl = session->curl;
  struct curl_slist *headers = NULL;
  int complete = 1;
  for (size_t i = 0; i < request->header_count; i++) {
    struct curl_slist *longer = lib.curl_slist_append(headers, request->headers[i]);
    if (!longer) {
      complete = 0;
      break;
    }
    headers = longer;
  }
  memset(result, 0, sizeof *result);
  result->end = CH_FAILED;
  char message[CURL_ERROR_SIZE] = "";
  CURLcode code = CURLE_OUT_OF_MEMORY;
  if (complete) {
    // Connections outlive this, options do not.
    lib.curl_easy_reset(curl);
    code = CURLE_OK;
    const char *protocols = request->https_only ? "https" : "http,https";
#define SET(option, value) \
  if (code == CURLE_OK) code = lib.curl_easy_setopt(curl, option, value)
    SET(CURLOPT_ERRORBUFFER, message);
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_PROTOCOLS_STR, protocols);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_PROXY, request->proxy ? request->proxy : "");
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NOBODY, request->head ? 1L : 0L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (request->ca_file) {
      SET(CURLOPT_CAINFO, request->ca_file);
      SET(CURLOPT_CAPATH, NULL);
    }
    SET(CURLOPT_CONNECTTIMEOUT_MS, request->connect_milliseconds);
    SET(CURLOPT_LOW_SPEED_TIME, request->stall_seconds);
    SET(CURLOPT_LOW_SPEED_LIMIT, request->stall_bytes);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, (void *)sink);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, (void *)sink);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, look_in);
    SET(CURLOPT_XFERINFODATA, (void *)sink);
#undef SET
    // A wish: refused while the buffer of an exchange that came to nothing is still there, which serves as well.
    lib.curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 262144L);
    if (code == CURLE_OK) code = lib.curl_easy_perform(curl);
    result->end = end_of(code);
    lib.curl_easy_reset(curl);
  }
  lib.curl_slist_free_all(headers);
  if (code != CURLE_OK) {
    snprintf(result->message, sizeof result->message, "%s", message[0] ? message : lib.curl_easy_strerror(code));
  }
}
