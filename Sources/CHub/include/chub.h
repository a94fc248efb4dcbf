// One HTTP exchange through libcurl, whose options are variadic and so out of Swift's reach.
//
// No redirect is followed, no cookie, netrc file or environment variable is looked at, and nothing but http and https
// is spoken: what is sent where is decided by the caller alone.
#ifndef CHUB_H
#define CHUB_H
#include <stddef.h>

/// A connection that later exchanges with the same server take up again. Not for two threads at once.
typedef struct ch_session ch_session;

/// What is asked. Strings end in NUL; optional ones may be NULL.
typedef struct {
  const char *url;
  const char *const *headers;  ///< lines "Name: value"
  size_t header_count;
  const char *proxy;           ///< optional: the proxy's address
  const char *ca_file;         ///< optional: certificates to trust instead of the system's
  int head;                    ///< not 0: the head of the answer alone
  int https_only;              ///< not 0: http is refused
  long connect_milliseconds;   ///< the longest wait for a connection
  long stall_seconds;          ///< an exchange slower than stall_bytes a second for so long is given up
  long stall_bytes;
} ch_request;

/// Who takes the answer. Each call returns 0 to go on and anything else to break off.
typedef struct {
  void *context;
  int (*header)(void *context, const char *bytes, size_t count);  ///< one line of the head, the status line included
  int (*body)(void *context, const char *bytes, size_t count);
  int (*proceed)(void *context);                                  ///< asked about once a second or more often
} ch_sink;

/// How an exchange ended.
typedef enum {
  CH_DONE,         ///< the whole answer was taken
  CH_BROKEN_OFF,   ///< the sink wanted no more
  CH_UNREACHABLE,  ///< no connection came about
  CH_INSECURE,     ///< the server is not who it should be
  CH_TIMED_OUT,    ///< too slow
  CH_CUT,          ///< the connection ended before the answer did
  CH_FAILED,       ///< anything else; another try is no use
} ch_end;

typedef struct {
  ch_end end;
  char message[256];  ///< libcurl's words for what went wrong
} ch_result;

/// Why libcurl could not be loaded, which the first call of any of these functions does; NULL: it was.
const char *ch_missing(void);

/// Seconds since 1970 of a date as HTTP writes it, -1 where it is none.
long long ch_date(const char *text);

/// A session, or NULL without memory or libcurl.
ch_session *ch_open(void);
void ch_close(ch_session *session);
/// Asks, and hands the answer to the sink as it comes.
void ch_perform(ch_session *session, const ch_request *request, const ch_sink *sink, ch_result *result);

#endif
