/* The same program as unusual.c, under a name of its own: compileC keeps one compiled program for each name. */
#include "unusual.c"
