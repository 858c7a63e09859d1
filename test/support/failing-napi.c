// Simulates Node-API in a worker that is terminated during a call of the addon: functions that may run JavaScript fail,
// without a pending exception. SECCOMP_TEST_TERMINATED="N" makes the N-th call of such a function the first that fails;
// the variable is then set to "over".
#include <stdlib.h>
#include <string.h>

enum { kPendingException = 10 };  // napi_pending_exception

static int IsTerminated(void) {
  static char seen[32];
  static long left;
  const char* wanted = getenv("SECCOMP_TEST_TERMINATED");
  if (wanted == NULL || strcmp(wanted, "over") == 0) return wanted != NULL;
  if (strcmp(wanted, seen) != 0) left = atol(strncpy(seen, wanted, sizeof seen - 1));
  if (--left > 0) return 0;
  setenv("SECCOMP_TEST_TERMINATED", "over", 1);
  return 1;
}

// test/reliability/terminated.test.ts makes the addon call ending_X in place of X. Each passes on eight arguments, as
// many as the longest takes.
#define FAILING(name)                                                                 \
  int name(long, long, long, long, long, long, long, long);                           \
  int ending_##name(long a, long b, long c, long d, long e, long f, long g, long h) { \
    return IsTerminated() ? kPendingException : name(a, b, c, d, e, f, g, h);         \
  }

// The functions that first check whether JavaScript may run: NAPI_PREAMBLE of src/js_native_api_v8.h in Node.
FAILING(napi_call_function)
FAILING(napi_check_object_type_tag)
FAILING(napi_coerce_to_bool)
FAILING(napi_coerce_to_number)
FAILING(napi_coerce_to_object)
FAILING(napi_coerce_to_string)
FAILING(napi_create_arraybuffer)
FAILING(napi_create_bigint_words)
FAILING(napi_create_buffer)
FAILING(napi_create_buffer_copy)
FAILING(napi_create_dataview)
FAILING(napi_create_date)
FAILING(napi_create_external)
FAILING(napi_create_external_arraybuffer)
FAILING(napi_create_external_buffer)
FAILING(napi_create_function)
FAILING(napi_create_promise)
FAILING(napi_create_typedarray)
FAILING(napi_define_class)
FAILING(napi_define_properties)
FAILING(napi_delete_element)
FAILING(napi_delete_property)
FAILING(napi_get_all_property_names)
FAILING(napi_get_date_value)
FAILING(napi_get_element)
FAILING(napi_get_named_property)
FAILING(napi_get_property)
FAILING(napi_get_property_names)
FAILING(napi_has_element)
FAILING(napi_has_named_property)
FAILING(napi_has_own_property)
FAILING(napi_has_property)
FAILING(napi_instanceof)
FAILING(napi_make_callback)
FAILING(napi_new_instance)
FAILING(napi_object_freeze)
FAILING(napi_object_seal)
FAILING(napi_reject_deferred)
FAILING(napi_remove_wrap)
FAILING(napi_resolve_deferred)
FAILING(napi_run_script)
FAILING(napi_set_element)
FAILING(napi_set_named_property)
FAILING(napi_set_property)
FAILING(napi_strict_equals)
FAILING(napi_throw)
FAILING(napi_throw_error)
FAILING(napi_throw_range_error)
FAILING(napi_throw_type_error)
FAILING(napi_type_tag_object)
FAILING(napi_unwrap)
FAILING(napi_wrap)
