/* test_space.c - x. */
#include "world.h"
const struct test space_tests[] = { { NULL, NULL } };
