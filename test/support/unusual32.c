/* The same program under another name, as compileC keeps one program for each name. */
#include "unusual.c"
