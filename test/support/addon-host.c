// Loads the addon in the place of Node, and starts a program by it: with musl, and on machines for which there is no Node.
//
//   addon-host ADDON FILTER PROGRAM ARGUMENTS…
// calls the addon's spawnSync: the program runs under the filter, the instructions in the file FILTER. Prints the
// program's output, and ends with its exit status. Without arguments, reads them from standard input, one a line.
//
// Of Node-API, this has what spawnSync and the registration of the addon need. All other functions that the addon
// imports end the program.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// js_native_api_types.h
enum { kOk, kInvalidArgument, kPendingException = 10 };
enum { kUndefined, kNull, kBoolean, kNumber, kString, kSymbol, kObject, kFunction };
enum { kUint8Array = 1 };

typedef struct Value Value;
typedef struct Info Info;
typedef Value* (*Callback)(void* env, Info* info);

struct Value {
  int type;
  bool is_array;
  double number;  // Also of booleans.
  char* bytes;    // Of strings and of Uint8Arrays.
  size_t size;    // In bytes, or elements of an array.
  char* names[64];
  Value* members[64];  // Of objects by name, of arrays by index.
  size_t count;
  Callback callback;
  void* data;
};

struct Info {
  size_t count;
  Value** arguments;
  void* data;
};

typedef struct {
  const char* name;
  Value* name_value;
  Callback method, getter, setter;
  Value* value;
  int attributes;
  void* data;
} Property;

static void* instance_data;

static Value* New(int type) {
  Value* value = calloc(1, sizeof *value);
  value->type = type;
  return value;
}

static Value* Number(double number) {
  Value* value = New(kNumber);
  value->number = number;
  return value;
}

static Value* Boolean(bool truth) {
  Value* value = New(kBoolean);
  value->number = truth;
  return value;
}

static Value* Bytes(int type, const void* bytes, size_t size) {
  Value* value = New(type);
  value->bytes = memcpy(malloc(size + 1), bytes, size);
  value->bytes[size] = '\0';
  value->size = size;
  return value;
}

static Value* String(const char* text) { return Bytes(kString, text, strlen(text)); }

static Value* Array(void) {
  Value* array = New(kObject);
  array->is_array = true;
  return array;
}

static void Set(Value* object, const char* name, Value* member) {
  if (object->count == sizeof object->members / sizeof *object->members) abort();
  object->names[object->count] = strdup(name);
  object->members[object->count++] = member;
}

static void Push(Value* array, Value* member) { Set(array, "", member); }

static Value* Find(const Value* object, const char* name) {
  for (size_t i = 0; i < object->count; i++) {
    if (strcmp(object->names[i], name) == 0) return object->members[i];
  }
  return NULL;
}

#define API(name, ...)              \
  int name(void* env, __VA_ARGS__); \
  int name(__attribute__((unused)) void* env, __VA_ARGS__)

API(napi_create_string_utf8, const char* text, size_t size, Value** result) {
  *result = Bytes(kString, text, size == SIZE_MAX ? strlen(text) : size);
  return kOk;
}
API(napi_create_object, Value** result) { return *result = New(kObject), kOk; }
API(napi_create_double, double number, Value** result) { return *result = Number(number), kOk; }
API(napi_create_uint32, uint32_t number, Value** result) { return *result = Number(number), kOk; }
API(napi_get_undefined, Value** result) { return *result = New(kUndefined), kOk; }
API(napi_get_null, Value** result) { return *result = New(kNull), kOk; }
API(napi_get_boolean, bool truth, Value** result) { return *result = Boolean(truth), kOk; }
API(napi_create_array_with_length, size_t size, Value** result) {
  *result = Array();
  for (size_t i = 0; i < size; i++) Push(*result, New(kUndefined));
  return kOk;
}
API(napi_create_buffer_copy, size_t size, const void* bytes, void** copy, Value** result) {
  *result = Bytes(kObject, bytes, size);
  if (copy != NULL) *copy = (*result)->bytes;
  return kOk;
}
API(napi_create_function, const char* name, size_t size, Callback callback, void* data, Value** result) {
  (void)name, (void)size;
  *result = New(kFunction);
  (*result)->callback = callback;
  (*result)->data = data;
  return kOk;
}
API(napi_define_class, const char* name, size_t size, Callback callback, void* data, size_t count,
    const void* properties, Value** result) {
  (void)count, (void)properties;
  return napi_create_function(env, name, size, callback, data, result);
}
API(napi_define_properties, Value* object, size_t count, const Property* properties) {
  for (size_t i = 0; i < count; i++) Set(object, properties[i].name, properties[i].value);
  return kOk;
}
API(napi_set_element, Value* array, uint32_t index, Value* element) { return array->members[index] = element, kOk; }
API(napi_get_element, Value* array, uint32_t index, Value** result) {
  return *result = index < array->count ? array->members[index] : New(kUndefined), kOk;
}
API(napi_get_array_length, Value* array, uint32_t* result) { return *result = (uint32_t)array->count, kOk; }
API(napi_has_own_property, Value* object, Value* name, bool* result) {
  return *result = Find(object, name->bytes) != NULL, kOk;
}
API(napi_get_property, Value* object, Value* name, Value** result) {
  Value* member = Find(object, name->bytes);
  return *result = member != NULL ? member : New(kUndefined), kOk;
}
API(napi_get_all_property_names, Value* object, int mode, int filter, int conversion, Value** result) {
  (void)mode, (void)filter, (void)conversion;
  *result = Array();
  for (size_t i = 0; i < object->count; i++) Push(*result, String(object->names[i]));
  return kOk;
}
API(napi_typeof, Value* value, int* result) { return *result = value->type, kOk; }
API(napi_is_array, Value* value, bool* result) { return *result = value->is_array, kOk; }
API(napi_is_typedarray, Value* value, bool* result) {
  return *result = value->type == kObject && value->bytes != NULL, kOk;
}
API(napi_get_typedarray_info, Value* value, int* type, size_t* size, void** data, Value** buffer, size_t* offset) {
  if (type != NULL) *type = kUint8Array;
  if (size != NULL) *size = value->size;
  if (data != NULL) *data = value->bytes;
  if (buffer != NULL) *buffer = value;
  if (offset != NULL) *offset = 0;
  return kOk;
}
API(napi_get_arraybuffer_info, Value* value, void** data, size_t* size) {
  if (data != NULL) *data = value->bytes;
  if (size != NULL) *size = value->size;
  return kOk;
}
API(napi_get_value_double, Value* value, double* result) { return *result = value->number, kOk; }
API(napi_get_value_bool, Value* value, bool* result) { return *result = value->number != 0, kOk; }
API(napi_get_value_string_utf8, Value* value, char* text, size_t room, size_t* result) {
  const size_t size = text == NULL || value->size < room ? value->size : room - 1;
  if (text != NULL) memcpy(text, value->bytes, size), text[size] = '\0';
  if (result != NULL) *result = size;
  return kOk;
}
API(napi_get_cb_info, Info* info, size_t* count, Value** arguments, Value** receiver, void** data) {
  for (size_t i = 0; count != NULL && arguments != NULL && i < *count; i++) {
    arguments[i] = i < info->count ? info->arguments[i] : New(kUndefined);
  }
  if (count != NULL) *count = info->count;
  if (receiver != NULL) *receiver = New(kUndefined);
  if (data != NULL) *data = info->data;
  return kOk;
}
API(napi_set_instance_data, void* data, void* finalize, void* hint) {
  (void)finalize, (void)hint;
  return instance_data = data, kOk;
}
API(napi_get_instance_data, void** result) { return *result = instance_data, kOk; }
API(napi_create_reference, Value* value, uint32_t count, Value** result) { return (void)count, *result = value, kOk; }
API(napi_get_reference_value, Value* reference, Value** result) { return *result = reference, kOk; }
API(napi_open_handle_scope, void** result) { return *result = NULL, kOk; }
API(napi_close_handle_scope, void* scope) { return (void)scope, kOk; }
API(napi_is_exception_pending, bool* result) { return *result = false, kOk; }
API(napi_add_async_cleanup_hook, void* hook, void* data, void** result) {
  return (void)hook, (void)data, *result = NULL, kOk;
}
API(napi_create_type_error, Value* code, Value* message, Value** result) { return (void)code, *result = message, kOk; }
API(napi_throw, Value* error) {
  fprintf(stderr, "addon-host: the addon threw: %s\n", error->bytes != NULL ? error->bytes : "an object");
  exit(100);
}

// The functions that are not called.
#define UNUSED(name)                                          \
  void name(void);                                            \
  void name(void) {                                           \
    fputs("addon-host: " #name " is not simulated\n", stderr); \
    exit(101);                                                \
  }
UNUSED_FUNCTIONS  // Given by the test, which knows what the addon imports.

    static Value*
    Call(Value* function, Value** arguments, size_t count) {
  Info info = {count, arguments, function->data};
  return function->callback(NULL, &info);
}

static Value* FileBytes(const char* path) {
  static char bytes[65536];
  FILE* file = fopen(path, "rb");
  if (file == NULL) return NULL;
  const size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  return Bytes(kObject, bytes, size);
}

// Reads the arguments from standard input. Returns their number, with the program's own name.
static int ReadArguments(char** arguments, int room) {
  static char lines[4096];
  int count = 1;
  lines[fread(lines, 1, sizeof lines - 1, stdin)] = '\0';
  for (char* line = strtok(lines, "\n"); line != NULL && count < room; line = strtok(NULL, "\n")) {
    arguments[count++] = line;
  }
  return count;
}

int main(int count, char** arguments) {
  char* lines[64];
  if (count == 1) {
    count = ReadArguments(lines, sizeof lines / sizeof *lines);
    arguments = lines;
  }
  if (count < 4) return 102;
  void* addon = dlopen(arguments[1], RTLD_NOW);
  if (addon == NULL) {
    fprintf(stderr, "addon-host: %s\n", dlerror());
    return 103;
  }
  Value* (*initialize)(void*, Value*) = (Value * (*)(void*, Value*)) dlsym(addon, "napi_register_module_v1");
  Value* exports = initialize(NULL, New(kObject));

  Value* filter = New(kObject);
  Set(filter, "bytes", FileBytes(arguments[2]));
  Set(filter, "gate", Array());
  Value* filters = Array();
  Push(filters, filter);
  Value* candidates = Array();
  Push(candidates, String(arguments[3]));
  Value* argv = Array();
  for (int i = 3; i < count; i++) Push(argv, String(arguments[i]));
  Value* stdio = Array();
  Push(stdio, Number(-2));  // NULL of lib/native.ts
  Push(stdio, Number(-3));  // SOCKET
  Push(stdio, Number(2));
  Value* request = New(kObject);
  Set(request, "candidates", candidates);
  Set(request, "args", argv);
  Set(request, "env", String(""));
  Set(request, "detached", Boolean(false));
  Set(request, "stdio", stdio);
  Set(request, "noNewPrivileges", Boolean(true));
  Set(request, "unconfined", Boolean(false));
  Set(request, "filters", filters);
  Set(request, "filterFlags", Number(0));
  Value* limits = New(kObject);
  Set(limits, "timeout", Number(0));
  Set(limits, "maxBuffer", Number(0));
  Set(limits, "killSignal", Number(15));
  Set(limits, "forceKillAfter", Number(1000));

  Value* parameters[] = {request, limits};
  Value* result = Call(Find(exports, "spawnSync"), parameters, 2);
  Value* error = Find(result, "error");
  if (error != NULL) {
    fprintf(stderr, "addon-host: %s failed with errno %d\n", Find(result, "call")->bytes, (int)error->number);
    return 104;
  }
  Value* output = Find(result, "output")->members[1];
  fwrite(output->bytes, 1, output->size, stdout);
  return (int)Find(result, "code")->number;
}
