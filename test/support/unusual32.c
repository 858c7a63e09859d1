/* The same, under a name of its own: compileC keeps one program a name. */
#include "unusual.c"
