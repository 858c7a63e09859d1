/* Ends at once: the program that bench/landlock.ts starts, linked statically. */
int main(void) { return 0; }
