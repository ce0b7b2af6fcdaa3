/* cdl.c - level 2. */
#include "capdl.h"
void cdl_print(struct capdl *c, struct buffer *out)
{
	(void)c;
	(void)out;
}
