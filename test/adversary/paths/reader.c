/* reader FILE: prints the first line of a file, if it can be read. */
#include <stdio.h>

int main(int count, char** arguments) {
  char line[128];
  FILE* file = fopen(arguments[count - 1], "r");
  if (file != NULL && fgets(line, sizeof line, file) != NULL) fputs(line, stdout);
  return 0;
}
