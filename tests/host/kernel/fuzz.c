/* fuzz.c - x. */
#include "world.h"
#include "fuzz.h"
int fuzz_main(int c, char **a){(void)c;(void)a;return 0;}
void fuzz_explain(void){}
