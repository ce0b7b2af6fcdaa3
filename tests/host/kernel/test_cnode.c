/* test_cnode.c - x. */
#include "world.h"
const struct test cnode_tests[] = { { NULL, NULL } };
